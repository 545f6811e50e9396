namespace LongContext.Training;

/// <summary>A source of packs that can tell itself from others with as many packs.</summary>
internal interface IPackSourceIdentity
{
    /// <summary>What makes it the one that it is, by name.</summary>
    IReadOnlyList<(string Name, string Value)> Identity { get; }
}
