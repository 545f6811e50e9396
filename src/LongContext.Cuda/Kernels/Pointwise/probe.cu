// The smallest kernel: y = a · x + y over n numbers. It tells whether a driver, real or not, loads and runs what is built here.
// Grid: any; block: any number of threads. Called by the tests of the driver seam.
#include "Common/elements.cuh"

struct ProbeParameters {
  const float* x;
  float* y;
  float a;
  int32 n;
};

extern "C" __global__ void probe_axpy(const ProbeParameters p) {
  for (int i = BlockX() * BlockSizeX() + ThreadX(); i < p.n; i += GridSizeX() * BlockSizeX()) p.y[i] = p.a * p.x[i] + p.y[i];
}
