namespace LongContext.Data;

/// <summary>What became of an item that was offered to a group.</summary>
public enum GatherResult
{
    /// <summary>It is in the group, which may take more.</summary>
    Added,

    /// <summary>It is in the group, which is complete with it.</summary>
    AddedLast,

    /// <summary>It does not fit: the group is complete without it, and it is the first to be offered to the next one. An empty group cannot say so.</summary>
    Full,

    /// <summary>It is left out, of this group and of all others.</summary>
    LeftOut,
}
