using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Mixing;

/// <summary>The files of one share of a published mixture.</summary>
public sealed record MixtureShare
{
    /// <summary>Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them, for example <c>books/**/*.jsonl.zst</c>. Required.</summary>
    public required IReadOnlyList<string> Patterns { get; init; }

    /// <summary>What a record of them is as an example. Default: found out for each record (<see cref="ColumnMap.Auto"/>).</summary>
    public ColumnMap Columns { get; init; } = ColumnMap.Auto;

    /// <summary>How the files are read. Default: a bad line stops the reading.</summary>
    public RecordSourceOptions Reading { get; init; } = new();

    /// <summary>Passes over the files before the share counts as ended, each in another order; at least 1. Default 1.</summary>
    public long Epochs { get; init; } = 1;

    /// <summary>A share of these files, with the defaults of everything else.</summary>
    /// <param name="patterns">Files, folders and patterns.</param>
    public static MixtureShare Of(params string[] patterns) => new() { Patterns = patterns };
}
