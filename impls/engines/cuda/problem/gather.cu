// Checked lanes, one a row of the grid: values, or sums over the channels of a head with weights +-1, in f64: exact enough to stand for
// sums made on the host.
struct Job { long long offset, stride, count, terms, term_stride, projected, out; };
struct Gather { const Job *jobs; const void *T; double *lanes; unsigned k0, k1, kind; };

extern "C" __global__ void gather(Gather p) {
  Job job = p.jobs[blockIdx.y];
  for (long long i = blockIdx.x * 256ll + threadIdx.x; i < job.count; i += gridDim.x * 256ll) {
    double sum = 0;
    for (long long term = 0; term < job.terms; term++) {
      double value = element_of(p.T, job.offset + i * job.stride + term * job.term_stride, p.kind);
      bool negative = job.projected && (mix32(mix32(mix32((unsigned)term + p.k0)) + p.k1) & 1u);
      sum += negative ? -value : value;
    }
    p.lanes[job.out + i] = sum;
  }
}
