namespace LongContext.Generation.Scheduling;

/// <summary>A copy of a page in host memory.</summary>
internal sealed class HostPage(CacheNode node, int group, byte[] bytes)
{
    public CacheNode Node { get; } = node;

    public int Group { get; } = group;

    public byte[] Bytes { get; } = bytes;

    /// <summary>Its place in the order of use; null while it is being copied back.</summary>
    public LinkedListNode<HostPage>? Place { get; set; }
}
