namespace LongContext.Cuda.Attention;

/// <summary>A part of a plan's integers.</summary>
/// <param name="First">Where it begins.</param>
/// <param name="Length">How many integers it has.</param>
internal readonly record struct AttentionSection(int First, int Length)
{
    /// <summary>Work items, where it holds work.</summary>
    public int Items => Length / AttentionSchedule.ItemLength;

    /// <summary>The part that follows, beginning at a multiple of 4 integers.</summary>
    public AttentionSection Next(int length) => new((First + Length + 3) & ~3, length);

    /// <summary>Its address in the uploaded plan.</summary>
    public nint In(nint data) => data + ((nint)First * sizeof(int));
}
