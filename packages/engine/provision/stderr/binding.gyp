{ 'targets': [{ 'target_name': 'stderr', 'sources': ['stderr.c'] }] }
