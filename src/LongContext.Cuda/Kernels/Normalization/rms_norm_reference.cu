// RMS norm and its backward as plainly as can be: a second oracle, and slow. The same parameters as the fast kernels; team is not read.
// rms_norm_forward_reference, rms_norm_backward_reference: a thread a row. rms_norm_weight_reference: a thread a column; `result` and
// `added` are not read and `partial` [1, columns] gets the weight's gradient. Block 64. Called by RmsNormKernel where it is to be Plain.
#include "Common/arithmetic.cuh"
#include "Normalization/parameters.cuh"

template <typename T> DEVICE float InverseRootOf(const T* x, int columns, float epsilon) {
  float squares = 0;
  for (int i = 0; i < columns; i++) squares += ToFloat(x[i]) * ToFloat(x[i]);
  return DivideRounded(1.0f, RootRounded(squares / (float)columns + epsilon));
}

extern "C" __global__ void rms_norm_forward_reference(const RmsNormParameters p) {
  using T = ELEMENT;
  using W = WEIGHT;
  const int row = BlockX() * BlockSizeX() + ThreadX();
  if (row >= p.rows) return;
  const T* x = (const T*)p.x + RowStart(row, p.inner, p.xStride, p.columns);
  const W* weight = (const W*)p.weight;
  if (p.residual) {
    const T* residual = (const T*)p.residual + RowStart(row, p.inner, p.residualStride, p.columns);
    T* sum = (T*)p.sum + RowStart(row, p.inner, p.sumStride, p.columns);
    for (int i = 0; i < p.columns; i++) sum[i] = FromFloat<T>(ToFloat(x[i]) + ToFloat(residual[i]));
    x = sum;
  }
  T* y = (T*)p.y + RowStart(row, p.inner, p.yStride, p.columns);
  const float inverse = InverseRootOf(x, p.columns, p.epsilon);
  for (int i = 0; i < p.columns; i++) {
    const float normalised = MultiplyRounded(ToFloat(x[i]), inverse), shifted = ToFloat(weight[i]) + p.weightOffset;
    y[i] = FromFloat<T>(p.weightInFloat32 ? normalised * shifted : Rounded<T>(normalised) * Rounded<W>(shifted));
  }
}

extern "C" __global__ void rms_norm_backward_reference(const RmsNormBackwardParameters p) {
  using T = ELEMENT;
  const int row = BlockX() * BlockSizeX() + ThreadX();
  if (row >= p.rows) return;
  const T* x = (const T*)p.x + RowStart(row, p.inner, p.xStride, p.columns);
  const T* gradient = (const T*)p.gradient + RowStart(row, p.inner, p.gradientStride, p.columns);
  const T* added = (const T*)p.added + RowStart(row, p.inner, p.addedStride, p.columns);
  T* result = (T*)p.result + RowStart(row, p.inner, p.resultStride, p.columns);
  const WEIGHT* weight = (const WEIGHT*)p.weight;
  const float inverse = InverseRootOf(x, p.columns, p.epsilon);
  float mean = 0;
  for (int i = 0; i < p.columns; i++) mean += ToFloat(gradient[i]) * (ToFloat(weight[i]) + p.weightOffset) * (ToFloat(x[i]) * inverse);
  mean /= (float)p.columns;
  for (int i = 0; i < p.columns; i++) {
    const float upstream = ToFloat(gradient[i]) * (ToFloat(weight[i]) + p.weightOffset);
    const float own = inverse * (upstream - ToFloat(x[i]) * inverse * mean);
    result[i] = FromFloat<T>(own + (p.added ? ToFloat(added[i]) : 0.0f));
  }
}

extern "C" __global__ void rms_norm_weight_reference(const RmsNormBackwardParameters p) {
  using T = ELEMENT;
  const int column = BlockX() * BlockSizeX() + ThreadX();
  if (column >= p.columns) return;
  float sum = 0;
  for (int row = 0; row < p.rows; row++) {
    const T* x = (const T*)p.x + RowStart(row, p.inner, p.xStride, p.columns);
    const T* gradient = (const T*)p.gradient + RowStart(row, p.inner, p.gradientStride, p.columns);
    sum += ToFloat(gradient[column]) * ToFloat(x[column]) * InverseRootOf(x, p.columns, p.epsilon);
  }
  p.partial[column] = sum;
}
