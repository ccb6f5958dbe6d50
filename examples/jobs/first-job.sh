#!/bin/sh
# What a user does: compile an MPI program on a head, send it to the batch system, read its output.
set -eu
cd
cat > hello.c <<'C'
#include <mpi.h>
#include <stdio.h>

int main(int count, char **words) {
  int rank, size, length;
  char name[MPI_MAX_PROCESSOR_NAME];
  MPI_Init(&count, &words);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Get_processor_name(name, &length);
  printf("Hello from rank %d of %d on %s\n", rank, size, name);
  MPI_Finalize();
  return 0;
}
C
mpicc -o hello hello.c
cat > hello.sbatch <<'JOB'
#!/bin/sh
#SBATCH --nodes=4 --ntasks-per-node=2 --time=5 --output=hello-%j.out
srun ./hello | sort -k 4n
JOB
job=$(sbatch --parsable --wait hello.sbatch)
echo "job $job has ended; hello-$job.out:"
cat "hello-$job.out"
