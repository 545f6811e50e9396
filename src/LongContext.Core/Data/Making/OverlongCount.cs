namespace LongContext.Data.Making;

/// <summary>How many examples in-context packing has passed over because not one of them fits a sequence, over all passes.</summary>
internal sealed class OverlongCount
{
    public long Value { get; set; }
}
