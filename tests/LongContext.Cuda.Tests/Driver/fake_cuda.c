/* A library with the entry points of NVIDIA's driver that LongContext calls, declared as in the CUDA Driver API reference. It runs nothing:
   each call notes its name and the arguments as they arrived, fills in its results, and returns the status that it was told to. What a caller passes in the wrong order or width comes out wrong here. Compiled by the tests (FakeCudaLibrary.cs). */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int CUresult, CUdevice, CUenum;
typedef unsigned long long CUdeviceptr;
typedef void *CUcontext, *CUmodule, *CUfunction, *CUstream, *CUevent;

static char text[8192];
static int length, status;

static int note(const char *format, ...) {
  va_list arguments;
  if (length > (int)sizeof text / 2) length = 0; /* more calls than anyone reads */
  va_start(arguments, format);
  if (length) text[length++] = ';';
  length += vsnprintf(text + length, sizeof text - length, format, arguments);
  va_end(arguments);
  return status;
}

static void *handle(int number) { return (void *)(0x7fee000000000000 + number); }

/* Not of the driver: the calls since this was last asked, and the status of those to come. At 0 there is one GPU; else numbers are negative. */
const char *fake_take(void) {
  static char taken[sizeof text];
  memcpy(taken, text, sizeof text);
  memset(text, 0, sizeof text);
  length = 0;
  return taken;
}

void fake_status(int next) { status = next; }

CUresult cuInit(unsigned int flags) { return note("cuInit(%u)", flags); }

CUresult cuDriverGetVersion(int *version) {
  *version = -12080;
  return note("cuDriverGetVersion()");
}

CUresult cuDeviceGetCount(int *count) {
  *count = status ? -2 : 1;
  return note("cuDeviceGetCount()");
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = status ? -3 : ordinal;
  return note("cuDeviceGet(%d)", ordinal);
}

CUresult cuDeviceGetName(char *name, int bytes, CUdevice device) {
  snprintf(name, bytes, "Fake GPU \xc3\xa9");
  return note("cuDeviceGetName(%d, %d)", bytes, device);
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  *bytes = 0x1400000004;
  return note("cuDeviceTotalMem_v2(%d)", device);
}

CUresult cuDeviceGetAttribute(int *value, CUenum attribute, CUdevice device) {
  *value = status ? -attribute : attribute;
  return note("cuDeviceGetAttribute(%d, %d)", attribute, device);
}

CUresult cuCtxGetDevice(CUdevice *device) {
  *device = status ? -4 : 0;
  return note("cuCtxGetDevice()");
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  *free = 0x300000001;
  *total = 0x1400000004;
  return note("cuMemGetInfo_v2()");
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  *context = handle(1);
  return note("cuDevicePrimaryCtxRetain(%d)", device);
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) { return note("cuDevicePrimaryCtxRelease_v2(%d)", device); }

CUresult cuCtxGetCurrent(CUcontext *context) {
  *context = handle(2);
  return note("cuCtxGetCurrent()");
}

CUresult cuCtxSetCurrent(CUcontext context) { return note("cuCtxSetCurrent(%llx)", context); }

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int count, CUenum *options, void **values) {
  char *log = NULL;
  size_t bytes = 0;
  int verbose = 0;
  *module = handle(3);
  for (unsigned int i = 0; i < count; i++) {
    if (options[i] == 5) log = values[i];           /* CU_JIT_ERROR_LOG_BUFFER */
    if (options[i] == 6) bytes = (size_t)values[i]; /* CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES */
    if (options[i] == 3) log = values[i];           /* CU_JIT_INFO_LOG_BUFFER */
    if (options[i] == 4) bytes = (size_t)values[i]; /* CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES */
    if (options[i] == 12) verbose = (size_t)values[i] == 1; /* CU_JIT_LOG_VERBOSE */
  }
  if (log) snprintf(log, bytes, verbose ? "0 bytes spilled" : "line 7");
  return note("cuModuleLoadDataEx(%s, %u, %zu)", (const char *)image, count, bytes);
}

CUresult cuModuleUnload(CUmodule module) { return note("cuModuleUnload(%llx)", module); }

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  *function = handle(4);
  return note("cuModuleGetFunction(%llx, %s)", module, name);
}

CUresult cuFuncGetAttribute(int *value, CUenum attribute, CUfunction function) {
  *value = -5;
  return note("cuFuncGetAttribute(%d, %llx)", attribute, function);
}

CUresult cuFuncSetAttribute(CUfunction function, CUenum attribute, int value) {
  return note("cuFuncSetAttribute(%llx, %d, %d)", function, attribute, value);
}

CUresult cuLaunchKernel(CUfunction function, unsigned int gridX, unsigned int gridY, unsigned int gridZ, unsigned int blockX, unsigned int blockY,
                        unsigned int blockZ, unsigned int sharedBytes, CUstream stream, void **parameters, void **extra) {
  long long first = parameters ? *(long long *)parameters[0] : 0;
  int extras = 0;
  if (extra)
    while (extra[extras]) extras += 2;
  return note("cuLaunchKernel(%llx, %ux%ux%u, %ux%ux%u, %u, %llx, parameter %llx, %d extra)", function, gridX, gridY, gridZ, blockX, blockY, blockZ,
              sharedBytes, stream, first, extras);
}

CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  *address = (CUdeviceptr)handle(6);
  return note("cuMemAlloc_v2(%zx)", bytes);
}

CUresult cuMemFree_v2(CUdeviceptr address) { return note("cuMemFree_v2(%llx)", address); }

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, const void *source, size_t bytes, CUstream stream) {
  return note("cuMemcpyHtoDAsync_v2(%llx, %llx, %zx, %llx)", destination, source, bytes, stream);
}

CUresult cuMemcpyDtoHAsync_v2(void *destination, CUdeviceptr source, size_t bytes, CUstream stream) {
  return note("cuMemcpyDtoHAsync_v2(%llx, %llx, %zx, %llx)", destination, source, bytes, stream);
}

CUresult cuMemsetD8Async(CUdeviceptr destination, unsigned char value, size_t bytes, CUstream stream) {
  return note("cuMemsetD8Async(%llx, %u, %zx, %llx)", destination, value, bytes, stream);
}

CUresult cuStreamSynchronize(CUstream stream) { return note("cuStreamSynchronize(%llx)", stream); }

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, size_t bytes, CUstream stream) {
  return note("cuMemcpyDtoDAsync_v2(%llx, %llx, %zx, %llx)", destination, source, bytes, stream);
}

CUresult cuMemHostAlloc(void **address, size_t bytes, unsigned int flags) {
  *address = handle(8);
  return note("cuMemHostAlloc(%zx, %u)", bytes, flags);
}

CUresult cuMemFreeHost(void *address) { return note("cuMemFreeHost(%llx)", address); }

CUresult cuMemGetAllocationGranularity(size_t *bytes, const void *properties, CUenum option) {
  *bytes = 0x200000003;
  return note("cuMemGetAllocationGranularity(%llx, %d)", properties, option);
}

CUresult cuMemAddressReserve(CUdeviceptr *address, size_t bytes, size_t alignment, CUdeviceptr wished, unsigned long long flags) {
  *address = (CUdeviceptr)handle(9);
  return note("cuMemAddressReserve(%zx, %zx, %llx, %llx)", bytes, alignment, wished, flags);
}

CUresult cuMemAddressFree(CUdeviceptr address, size_t bytes) { return note("cuMemAddressFree(%llx, %zx)", address, bytes); }

CUresult cuMemCreate(unsigned long long *memory, size_t bytes, const void *properties, unsigned long long flags) {
  *memory = (unsigned long long)handle(10);
  return note("cuMemCreate(%zx, %llx, %llx)", bytes, properties, flags);
}

CUresult cuMemRelease(unsigned long long memory) { return note("cuMemRelease(%llx)", memory); }

CUresult cuMemMap(CUdeviceptr address, size_t bytes, size_t offset, unsigned long long memory, unsigned long long flags) {
  return note("cuMemMap(%llx, %zx, %zx, %llx, %llx)", address, bytes, offset, memory, flags);
}

CUresult cuMemUnmap(CUdeviceptr address, size_t bytes) { return note("cuMemUnmap(%llx, %zx)", address, bytes); }

CUresult cuMemSetAccess(CUdeviceptr address, size_t bytes, const void *descriptions, size_t count) {
  return note("cuMemSetAccess(%llx, %zx, %llx, %zx)", address, bytes, descriptions, count);
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
  *stream = handle(11);
  return note("cuStreamCreate(%u)", flags);
}

CUresult cuStreamDestroy_v2(CUstream stream) { return note("cuStreamDestroy_v2(%llx)", stream); }

CUresult cuStreamBeginCapture_v2(CUstream stream, CUenum mode) { return note("cuStreamBeginCapture_v2(%llx, %d)", stream, mode); }

CUresult cuStreamEndCapture(CUstream stream, void **graph) {
  *graph = handle(12);
  return note("cuStreamEndCapture(%llx)", stream);
}

CUresult cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long flags) {
  *executable = handle(13);
  return note("cuGraphInstantiateWithFlags(%llx, %llx)", graph, flags);
}

CUresult cuGraphLaunch(void *executable, CUstream stream) { return note("cuGraphLaunch(%llx, %llx)", executable, stream); }

CUresult cuGraphExecDestroy(void *executable) { return note("cuGraphExecDestroy(%llx)", executable); }

CUresult cuGraphDestroy(void *graph) { return note("cuGraphDestroy(%llx)", graph); }

CUresult cuEventCreate(CUevent *event, unsigned int flags) {
  *event = handle(7);
  return note("cuEventCreate(%u)", flags);
}

CUresult cuEventRecord(CUevent event, CUstream stream) { return note("cuEventRecord(%llx, %llx)", event, stream); }

CUresult cuEventSynchronize(CUevent event) { return note("cuEventSynchronize(%llx)", event); }

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  *milliseconds = 1.25f;
  return note("cuEventElapsedTime(%llx, %llx)", start, end);
}

CUresult cuEventDestroy_v2(CUevent event) { return note("cuEventDestroy_v2(%llx)", event); }

CUresult cuTensorMapEncodeTiled(void *map, CUenum type, uint32_t rank, void *address, const uint64_t *sizes, const uint64_t *strides, const uint32_t *box,
                                const uint32_t *steps, CUenum interleave, CUenum swizzle, CUenum promotion, CUenum fill) {
  for (int i = 0; i < 16; i++) ((uint64_t *)map)[i] = 0x0101010101010101 * i;
  return note("cuTensorMapEncodeTiled(%s, %d, %u, %llx, %llx %llx %llx, %llx %llx, %u %u %u, %u %u %u, %d, %d, %d, %d)",
              (uintptr_t)map % 64 ? "not aligned" : "aligned", type, rank, address, sizes[0], sizes[1], sizes[2], strides[0], strides[1], box[0], box[1], box[2],
              steps[0], steps[1], steps[2], interleave, swizzle, promotion, fill);
}

CUresult cuGetErrorName(CUresult error, const char **name) {
  *name = "CUDA_ERROR_FAKE";
  return note("cuGetErrorName(%d)", error);
}

CUresult cuGetErrorString(CUresult error, const char **words) {
  *words = "fake words";
  return note("cuGetErrorString(%d)", error);
}
