using System.Text.Json.Nodes;

namespace LongContext.Data.Columnar;

/// <summary>A value of a column with its levels: how far up something is repeated by it, and how far down something is there.</summary>
internal readonly record struct ColumnEntry(int Repetition, int Definition, JsonNode? Value);
