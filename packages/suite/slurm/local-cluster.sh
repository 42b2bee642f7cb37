#!/usr/bin/env bash
# A real Slurm on this machine alone, for as long as a command runs:
#
#   local-cluster.sh FOLDER COMMAND [ARGUMENT…]
#
# Starts munged, slurmctld and slurmd, waits until the node is idle, runs the command with SLURM_CONF
# set, ends the three again and exits with the command's code. All that they write lies below FOLDER,
# a new or empty folder of a short path; ports are free ones, so several may run side by side.
# SLURM_TEST_OPTIONS: more lines for slurm.conf. Needs root and Debian's packages slurm-wlm and munge.
set -euo pipefail

die() { echo "local-cluster: $*" >&2; exit 1; }
[ $# -ge 2 ] || { echo "usage: $0 FOLDER COMMAND [ARGUMENT…]" >&2; exit 2; }
[ "$(id -u)" = 0 ] || die "must be run by root, who alone may start slurmd"
for program in munged slurmctld slurmd sinfo setpriv; do
  command -v "$program" > /dev/null || die "$program is not installed; apt-get install slurm-wlm munge"
done
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
[ -z "$(ls -A "$folder")" ] || die "$folder is not empty"
# A socket's path may have 107 characters.
[ ${#folder} -le 80 ] || die "$folder has too long a path; name a folder right below /tmp"

pids=()
stop() {
  trap - EXIT TERM INT HUP
  # A job outlives the daemons.
  scancel --user="$(id -un)" 2> /dev/null || true
  for _ in {1..150}; do [ -z "$(squeue --noheader 2> /dev/null)" ] && break; sleep 0.1; done
  # The node before the controller before the key: each ends while it can still tell the next.
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2> /dev/null || true
    for _ in {1..50}; do kill -0 "${pids[i]}" 2> /dev/null || break; sleep 0.1; done
    kill -KILL "${pids[i]}" 2> /dev/null || true
  done
  wait "${pids[@]}"
}
trap stop EXIT
trap 'exit 143' TERM HUP

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 10000))
    (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { echo "$port"; return; }
  done
  die "no free port was found"
}

# munged trusts no folder that others may write to, and its socket must be reached by all.
chmod 755 "$folder"
mkdir -p "$folder"/{munge,state,spool}
dd if=/dev/urandom of="$folder/munge/key" bs=128 count=1 status=none
chmod 400 "$folder/munge/key"
chown -R munge: "$folder/munge"
setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --num-threads=2 --key-file="$folder/munge/key" \
  --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" \
  --seed-file="$folder/munge/seed" > "$folder/munged.out" 2>&1 &
pids+=($!)

host=$(hostname -s)
cat > "$folder/slurm.conf" << CONF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
# A laptop's pace rather than a cluster's.
SchedulerParameters=batch_sched_delay=1,sched_interval=5,bf_interval=5
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
MailProg=/bin/true
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=local Nodes=$host Default=YES MaxTime=INFINITE State=UP
${SLURM_TEST_OPTIONS:-}
CONF
export SLURM_CONF="$folder/slurm.conf"

for _ in {1..100}; do [ -S "$folder/munge/socket" ] && break; sleep 0.1; done
[ -S "$folder/munge/socket" ] || die "munged did not start: $(tail -n 3 "$folder/munged.out")"
slurmctld -D > "$folder/slurmctld.out" 2>&1 &
pids+=($!)
slurmd -D > "$folder/slurmd.out" 2>&1 &
pids+=($!)
for _ in {1..300}; do
  [ "$(sinfo --noheader --format=%t 2> /dev/null)" = idle ] && break
  sleep 0.1
done
[ "$(sinfo --noheader --format=%t 2> /dev/null)" = idle ] ||
  die "the node did not become idle: $(tail -n 3 "$folder"/slurm*.out "$folder"/slurm*.log 2>&1)"

# In the background, for a shell hears no signal while it waits for a command in the foreground.
"$@" <&0 &
command=$!
trap 'kill "$command" 2> /dev/null; exit 143' TERM HUP
code=0
wait "$command" || code=$?
exit "$code"
