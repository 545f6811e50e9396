namespace LongContext.Package.Tests.Mend;

/// <summary>What one generated project ended with.</summary>
/// <param name="Errors">Its error lines.</param>
/// <param name="Output">All lines of the build that name its library.</param>
/// <param name="Items">Item lists after the targets, one "kind|path|metadata" a line; empty where the build failed.</param>
/// <param name="MendedPath">Where the mended copy lies; empty where there is none.</param>
internal sealed record MendCase(string[] Errors, string[] Output, string[] Items, string MendedPath);
