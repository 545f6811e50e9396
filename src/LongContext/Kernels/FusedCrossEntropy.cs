// Shape suffixes: C tokens of a chunk, V vocabulary.
using LongContext.Cuda.CrossEntropy;
using LongContext.Cuda.Pointwise;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>
/// Cross-entropy over a chunk of a head's outputs, and its gradient in their memory, by one kernel: outputs of half types are read and
/// written as they are, and nothing of their size exists beside them.
/// </summary>
/// <param name="Losses_C">−log p(label) of each token, float32.</param>
/// <param name="Faults_1">How many labels are not in the vocabulary, int32.</param>
internal readonly record struct FusedCrossEntropy(Tensor Losses_C, Tensor Faults_1)
{
    /// <summary>Losses alone; the outputs stay. Null where the kernel does not run.</summary>
    public static FusedCrossEntropy? Losses(Tensor outputs_CV, Tensor labels_C, LogitTransform transform) => Run(outputs_CV, labels_C, null, transform, 1, 0, writesGradient: false);

    /// <summary>Losses, and over the outputs (softmax·(1 + 2ζ·log Z) − one-hot) · slope · weight · scale. Null where the kernel does not run.</summary>
    public static FusedCrossEntropy? LossesAndGradient(Tensor outputs_CV, Tensor labels_C, Tensor weights_C, LogitTransform transform, double scale, double zLoss) =>
        Run(outputs_CV, labels_C, weights_C, transform, scale, zLoss, writesGradient: true);

    /// <summary>Σ weight · loss in float64. Waits for the device.</summary>
    /// <exception cref="ArgumentException">Labels are not in the vocabulary.</exception>
    public double Sum(Tensor weights_C)
    {
        using var scope = NewDisposeScope();
        Tensor sum = (Losses_C * weights_C).sum(ScalarType.Float64);
        // One copy to the host for both.
        ReadOnlySpan<double> read = cat([sum.view(1), Faults_1.to(ScalarType.Float64)]).cpu().data<double>().ToArray();
        Check((long)read[1]);
        return read[0];
    }

    /// <summary>The losses on the host. Waits for the device.</summary>
    /// <exception cref="ArgumentException">Labels are not in the vocabulary.</exception>
    public float[] Read()
    {
        using var scope = NewDisposeScope();
        float[] losses = Losses_C.cpu().data<float>().ToArray();
        Check(Faults_1.cpu().data<int>()[0]);
        return losses;
    }

    private static FusedCrossEntropy? Run(
        Tensor outputs_CV, Tensor labels_C, Tensor? weights_C, LogitTransform transform, double scale, double zLoss, bool writesGradient)
    {
        if (FusedKernels.For(outputs_CV, labels_C, weights_C ?? labels_C) is not { } kernels || outputs_CV.dim() != 2) return null;
        if (!FusedKernels.TryType(outputs_CV.dtype, out ElementType type) || !TensorRows.TryOf(outputs_CV, out RowTensor outputs)) return null;
        if (labels_C.dtype != ScalarType.Int64 || !TensorRows.TryFlat(labels_C, out nint labels)) return null;
        nint weights = 0;
        if (weights_C is not null && (weights_C.dtype != ScalarType.Float32 || !TensorRows.TryFlat(weights_C, out weights))) return null;

        Tensor losses_C = empty([outputs_CV.size(0)], dtype: ScalarType.Float32, device: outputs_CV.device);
        Tensor faults_1 = zeros([1], dtype: ScalarType.Int32, device: outputs_CV.device);
        kernels.CrossEntropy.Run(
            new CrossEntropyArguments
            {
                Type = type,
                Rows = (int)outputs_CV.size(0),
                Vocabulary = (int)outputs_CV.size(1),
                Logits = outputs,
                Labels = labels,
                Weights = weights,
                Losses = losses_C.Address(),
                Faults = faults_1.Address(),
                LogitScale = transform.Scale,
                SoftCap = transform.SoftCap,
                GradientScale = scale,
                ZLoss = zLoss,
                WritesGradient = writesGradient,
            },
            stream: 0);
        return new FusedCrossEntropy(losses_C, faults_1);
    }

    private static void Check(long faults)
    {
        if (faults > 0) throw new ArgumentException($"{faults} labels of the pack are not in the model's vocabulary.");
    }
}
