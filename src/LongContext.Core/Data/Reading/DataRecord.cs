using System.Text.Json.Nodes;
using LongContext.Data.Examples;

namespace LongContext.Data.Reading;

/// <summary>One record of a data file, whatever the file's form: a line of JSON, a row of a table, a whole text.</summary>
/// <param name="Origin">Where it stands.</param>
/// <param name="Fields">
/// Its fields by name: of JSON the object itself; of a table its columns (nested ones as objects and arrays); of a text file <c>text</c> alone.
/// Valid as long as it is held; read it, do not change it.
/// </param>
public sealed record DataRecord(RecordOrigin Origin, JsonObject Fields);
