using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LongContext.Data.Reports;

public sealed partial record DatasetReport
{
    /// <summary>The report as an indented JSON object, all numbers as they are.</summary>
    public string ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("title", Title);
            json.WriteNumber("sequences", Sequences);
            json.WriteNumber("leftOut", LeftOut);
            json.WriteNumber("tokens", Tokens);
            json.WriteNumber("targetTokens", TargetTokens);
            json.WriteNumber("targetShare", TargetShare);
            json.WriteNumber("withoutTargets", WithoutTargets);
            if (Duplicates is { } duplicates) json.WriteNumber("duplicates", duplicates);
            if (DuplicateTokens is { } duplicateTokens) json.WriteNumber("duplicateTokens", duplicateTokens);
            json.WriteStartObject("lengths");
            json.WriteNumber("minimum", Lengths.Minimum);
            json.WriteNumber("mean", Lengths.Mean);
            json.WriteNumber("p50", Lengths.P50);
            json.WriteNumber("p90", Lengths.P90);
            json.WriteNumber("p99", Lengths.P99);
            json.WriteNumber("maximum", Lengths.Maximum);
            json.WriteEndObject();
            json.WriteStartArray("buckets");
            foreach (LengthBucket bucket in Buckets)
            {
                json.WriteStartObject();
                json.WriteNumber("from", bucket.From);
                json.WriteNumber("to", bucket.To);
                json.WriteNumber("sequences", bucket.Sequences);
                json.WriteNumber("tokens", bucket.Tokens);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (Context is { } context) Write(json, context);
            json.WriteStartArray("longest");
            foreach (LongSequence sequence in Longest)
            {
                json.WriteStartObject();
                json.WriteNumber("number", sequence.Number);
                if (sequence.Origin is { } origin)
                {
                    json.WriteString("path", origin.Path);
                    json.WriteNumber("recordNumber", origin.Number);
                }

                json.WriteNumber("tokens", sequence.Tokens);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("sections");
            foreach (ReportSection section in Sections)
            {
                json.WriteStartObject();
                json.WriteString("title", section.Title);
                json.WriteStartArray("rows");
                foreach ((string name, string value) in section.Rows)
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    json.WriteString("value", value);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ContextFit context)
    {
        json.WriteStartObject("context");
        json.WriteNumber("contextLength", context.ContextLength);
        json.WriteNumber("overlength", context.Overlength);
        json.WriteNumber("split", context.Split);
        json.WriteNumber("truncated", context.Truncated);
        json.WriteNumber("skipped", context.Skipped);
        json.WriteNumber("refused", context.Refused);
        json.WriteNumber("droppedTokens", context.DroppedTokens);
        json.WriteNumber("documents", context.Documents);
        json.WriteStartArray("fills");
        foreach (PackingFill fill in context.Fills)
        {
            json.WriteStartObject();
            json.WriteString("method", fill.Method);
            json.WriteNumber("packs", fill.Packs);
            json.WriteNumber("fillRate", fill.FillRate);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("lowerBound", context.LowerBound);
        json.WriteEndObject();
    }
}
