using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Making;

internal static class Records
{
    public static DataRecord Of(string json, long line = 7) => new(new RecordOrigin("data.jsonl", line), JsonNode.Parse(json)!.AsObject());
}
