using System.Text.Json.Nodes;
using LongContext.Data;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>Random schemas, each with a text that satisfies it.</summary>
internal sealed class RandomSchemas(ulong seed)
{
    private static readonly string[] s_words = ["name", "id", "value", "item", "na", "ab", "ä é", "日本", "quote\"d", "back\\slash", "line\nfeed", "😀x", "", "a/b"];
    private SplitMix64 random = new(seed);

    public int Next(int bound) => random.NextInt(bound);

    /// <summary>A schema and one of its values.</summary>
    public (JsonNode Schema, JsonNode? Value) Make(int depth)
    {
        switch (Next(depth > 0 ? 12 : 8))
        {
            case 0:
                int low = Next(2000) - 1000, high = low + Next(300);
                return (new JsonObject { ["type"] = "integer", ["minimum"] = low, ["maximum"] = high }, low + Next(high - low + 1));
            case 1:
                decimal least = (Next(4000) - 2000) / 100m, most = least + (1 + Next(500)) / 100m;
                return (new JsonObject { ["type"] = "number", ["minimum"] = least, ["exclusiveMaximum"] = most }, decimal.Round(least + (Next(100) * (most - least) / 101m), 6));
            case 2:
                return (new JsonObject { ["type"] = "boolean" }, Next(2) == 0);
            case 3:
                return (new JsonObject { ["type"] = new JsonArray("null", "integer") }, Next(2) == 0 ? null : Next(100000) - 50000);
            case 4:
                int minimum = Next(4), maximum = minimum + Next(6);
                return (new JsonObject { ["type"] = "string", ["minLength"] = minimum, ["maxLength"] = maximum }, Text(minimum + Next(maximum - minimum + 1)));
            case 5:
                JsonNode?[] values = [s_words[Next(s_words.Length)], Next(100), true, null, new JsonObject { ["k"] = new JsonArray(1, "x") }];
                return (new JsonObject { ["enum"] = new JsonArray([.. values.Select(x => x?.DeepClone())]) }, values[Next(values.Length)]?.DeepClone());
            case 6:
                (string pattern, string text) = Next(4) switch
                {
                    0 => ("^[a-c]{2,4}(x|yz)?$", "abyz"),
                    1 => ("^\\d+-\\w*\\.$", "12-a_9."),
                    2 => ("b[\\s\"\\\\]+", "ab \"\\\tc"),
                    _ => ("^(foo|[^a-z]+)*$", "fooÄ😀foo"),
                };
                return (new JsonObject { ["type"] = "string", ["pattern"] = pattern }, text);
            case 7:
                return (new JsonObject { ["type"] = "string", ["format"] = "date-time" }, "2024-02-28T23:59:59.5+01:00");
            case 8 or 9:
                return Object(depth);
            case 10:
                return Array(depth);
            default:
                var choices = Enumerable.Range(0, 2 + Next(2)).Select(_ => Make(depth - 1)).ToArray();
                return (new JsonObject { ["anyOf"] = new JsonArray([.. choices.Select(x => x.Schema)]) }, choices[Next(choices.Length)].Value);
        }
    }

    private (JsonNode, JsonNode?) Object(int depth)
    {
        JsonObject properties = [], value = [];
        var required = new JsonArray();
        foreach (string name in s_words.Where(_ => Next(4) == 0))
        {
            (JsonNode schema, JsonNode? member) = Make(depth - 1);
            properties[name] = schema;
            bool isRequired = Next(2) == 0;
            if (isRequired) required.Add(name);
            if (isRequired || Next(2) == 0) value[name] = member;
        }

        var made = new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
        bool others = Next(3) == 0;
        made["additionalProperties"] = others ? new JsonObject { ["type"] = "integer" } : JsonValue.Create(false);
        if (others && Next(2) == 0) value["other" + Next(10)] = Next(10);
        return (made, value);
    }

    private (JsonNode, JsonNode?) Array(int depth)
    {
        int minimum = Next(3), maximum = minimum + Next(3);
        JsonArray prefix = [], value = [];
        (JsonNode items, JsonNode? item) = Make(depth - 1);
        for (int i = Next(3); i > 0; i--)
        {
            (JsonNode schema, JsonNode? first) = Make(depth - 1);
            prefix.Add(schema);
            value.Add(first);
        }

        int count = minimum + Next(maximum - minimum + 1);
        while (value.Count > count) value.RemoveAt(value.Count - 1);
        while (value.Count < count) value.Add(item?.DeepClone());
        var made = new JsonObject { ["type"] = "array", ["items"] = items, ["minItems"] = minimum, ["maxItems"] = maximum };
        if (prefix.Count > 0) made["prefixItems"] = prefix;
        return (made, value);
    }

    private string Text(int length)
    {
        string[] characters = ["a", "b", "é", "日", "😀", "\"", "\\", "\n", "\u0001", " ", "/", "<"];
        return string.Concat(Enumerable.Range(0, length).Select(_ => characters[Next(characters.Length)]));
    }
}
