using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>What becomes of a head's outputs z: c·tanh(s·z/c), with a factor s and a soft cap c that most families lack.</summary>
internal readonly record struct LogitTransform(double Scale, double? SoftCap)
{
    public static LogitTransform Of(DecoderShape shape) => new(shape.LogitScale, shape.LogitSoftCap);

    /// <summary>The logits.</summary>
    public Tensor Apply(Tensor z)
    {
        Tensor scaled = Scale == 1 ? z : z.Times(Scale);
        return SoftCap is { } cap ? scaled.SoftCapped(cap) : scaled;
    }

    /// <summary>The logits, in the memory of z; without autograd.</summary>
    public Tensor ApplyInPlace(Tensor z)
    {
        if (Scale != 1) z.MultiplyInPlace(Scale);
        return SoftCap is { } cap ? z.DivideInPlace(cap).tanh_().MultiplyInPlace(cap) : z;
    }

    /// <summary>∂logit/∂(s·z) = 1 − (logit/c)², from the logits; null where it is 1. The factor s is the caller's.</summary>
    public Tensor? Slope(Tensor logits) => SoftCap is { } cap ? (logits * logits).Times(-1 / (cap * cap)).Plus(1) : null;
}
