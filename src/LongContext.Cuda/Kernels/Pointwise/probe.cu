// The smallest kernel: y = a · x + y over n numbers. It tells whether a driver, real or not, loads and runs what is built here.
// Grid: any; block: any number of threads. Called by CudaContext's own check and the tests of the driver seam.
#include "Common/elements.cuh"

extern "C" __global__ void probe_axpy(const float* x, float* y, float a, int n) {
  for (int i = BlockX() * BlockSizeX() + ThreadX(); i < n; i += GridSizeX() * BlockSizeX()) y[i] = a * x[i] + y[i];
}
