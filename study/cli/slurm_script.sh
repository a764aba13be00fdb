#!/bin/bash
#SBATCH --job-name=@name@
#SBATCH --nodes=@nodes@
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=@cpus@
#SBATCH --time=@time@
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
@further@
# Runs a study on all nodes of the job.  Two minutes before its time is over the job stops the study and goes back to the
# queue; the same command then goes on with what is missing, until the study is finished.
set -euo pipefail
umask 077

export PATH=@path@:"$PATH"
export OMP_NUM_THREADS=1 RAY_USAGE_STATS_ENABLED=0

address=() token="" driver="" patience=${MTL_STUDY_JOIN_SECONDS:-180}

# shellcheck disable=SC2317,SC2329 # the traps call them
cleanup() {
  trap - EXIT USR1 TERM
  [ -z "$driver" ] || kill -TERM "$driver" 2>/dev/null || true
  [ -z "$driver" ] || wait "$driver" || true
  local step
  for step in $(jobs -p); do kill -TERM "$step" 2>/dev/null || true; done
  wait || true
  [ -z "$token" ] || rm -rf "$token" "$RAY_TMPDIR"
}

# shellcheck disable=SC2317,SC2329
resubmit() {
  cleanup
  scontrol requeue "$SLURM_JOB_ID" || sbatch --dependency="afterany:$SLURM_JOB_ID" "$0"
  exit 0
}

trap cleanup EXIT
trap resubmit USR1
trap 'exit 143' TERM # cancelled, or preempted: Slurm itself puts it back into the queue then

if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
  # a token that only this user reads: on a node that others use, too, they would reach the ports of Ray
  token="$HOME/.ray/mtl-study-$SLURM_JOB_ID.token"
  mkdir -p "$HOME/.ray"
  rm -f "$token"
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$token"
  export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$token" RAY_TMPDIR="/tmp/ray-$SLURM_JOB_ID"

  mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
  head=${hosts[0]}
  port=$((20000 + SLURM_JOB_ID % 20000))
  srun --overlap --nodes=1 --ntasks=1 --nodelist="$head" \
    ray start --block --head --port="$port" --include-dashboard=false --num-cpus="$SLURM_CPUS_PER_TASK" &
  until (exec 3<>"/dev/tcp/$head/$port") 2>/dev/null || [ "$SECONDS" -gt "$patience" ]; do sleep 1; done
  workers=$((SLURM_JOB_NUM_NODES - 1))
  srun --overlap --nodes="$workers" --ntasks="$workers" --exclude="$head" \
    ray start --block --address="$head:$port" --num-cpus="$SLURM_CPUS_PER_TASK" &
  address=(--address "$head:$port")
  # a study begins with the machines that are there, so all of them get a while to join
  until [ "$(ray status --address "$head:$port" 2>/dev/null | grep -c ' node_')" -ge "$SLURM_JOB_NUM_NODES" ] ||
    [ "$SECONDS" -gt "$patience" ]; do sleep 1; done
fi

mtl-study run @study@ "${address[@]}" &
driver=$!
status=0
wait "$driver" || status=$?
driver=""
exit "$status"
