namespace LongContext.Data.Writing;

/// <summary>What was written.</summary>
/// <param name="Examples">Examples, a line each.</param>
/// <param name="Characters">Characters (UTF-16 units) of their texts.</param>
/// <param name="Bytes">Bytes of the files on the disk.</param>
/// <param name="Files">The files' full paths, in the order of the examples; one, without lines, where there was no example.</param>
public sealed record JsonLinesReport(long Examples, long Characters, long Bytes, IReadOnlyList<string> Files);
