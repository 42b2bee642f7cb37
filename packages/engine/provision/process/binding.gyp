{ 'targets': [{ 'target_name': 'process', 'sources': ['process.c'] }] }
