using System.Text;
using System.Text.Json.Nodes;

namespace LongContext.Generation.Grammars;

internal sealed partial class SchemaGrammar
{
    private const int LongestName = 500;

    /// <summary>Declared properties in their order, optional ones left out or not, then others where they are allowed.</summary>
    private bool Object(JsonObject schema, int from, int to)
    {
        JsonObject properties = Properties(schema);
        List<string> required = Required(schema);
        var needed = required.ToHashSet(StringComparer.Ordinal);
        JsonNode? others = schema.TryGetPropertyValue("additionalProperties", out JsonNode? given) ? given
            : JsonValue.Create(properties.Count == 0 || options.AllowsUndeclaredProperties);
        bool allowsOthers = merging.Alternatives(others).Count > 0;

        var members = new List<(string Name, JsonNode? Schema, bool IsRequired)>();
        foreach ((string name, JsonNode? value) in properties)
        {
            bool isNeeded = needed.Contains(name);
            if (merging.Alternatives(value).Count > 0) members.Add((name, value, isNeeded));
            else if (isNeeded) return false;
        }

        foreach (string name in required)
        {
            if (properties.ContainsKey(name)) continue;
            if (!allowsOthers) return false;
            members.Add((name, others, true));
        }

        // None of those that are named, one that nothing satisfies included, is another's.
        List<string> names = [.. properties.Select(property => property.Key).Union(required)];
        if (allowsOthers && names.Find(name => name.Length > LongestName) is { } tooLong)
            throw new ArgumentException($"The schema names a property of {tooLong.Length} characters beside others that may have any name, expected at most {LongestName}.");
        int start = graph.Add(), end = graph.Add();
        Nest(from, "{}"u8, start, end, to);
        int empty = graph.Add(), after = -1;
        graph.Call(start, blanks, empty);
        int current = empty;
        // Two places between members: nothing stands before yet, or something does and a comma is due.
        foreach ((string name, JsonNode? value, bool isRequired) in members)
        {
            int key = graph.Add(), next = graph.Add();
            if (current >= 0) graph.Empty(current, key);
            if (after >= 0) Comma(after, key);
            int colon = graph.Add();
            graph.Text(key, Encoding.UTF8.GetBytes(Quoted(name)), colon);
            Value(colon, value, next);
            if (!isRequired && after >= 0) graph.Empty(after, next);
            after = next;
            if (isRequired) current = -1;
        }

        if (allowsOthers) after = Others(others, names, current, after);
        if (current >= 0) graph.Empty(current, end);
        if (after >= 0) graph.Call(after, blanks, end);
        return true;
    }

    private static JsonObject Properties(JsonObject schema) => schema["properties"] switch
    {
        null => [],
        JsonObject map => map,
        var other => throw new ArgumentException($"The schema's properties are {Shortened(other)}, expected an object."),
    };

    /// <summary>The names of properties that must be there, each once.</summary>
    private static List<string> Required(JsonObject schema) => schema["required"] switch
    {
        null => [],
        JsonArray list when list.All(x => x is JsonValue value && value.TryGetValue(out string? _)) => [.. list.Select(x => x!.GetValue<string>()).Distinct()],
        var other => throw new ArgumentException($"The schema's required is {Shortened(other)}, expected a list of names."),
    };

    private static JsonArray FirstItems(JsonObject schema) => schema["prefixItems"] switch
    {
        null => [],
        JsonArray list => list,
        var other => throw new ArgumentException($"The schema's prefixItems are {Shortened(other)}, expected a list of schemas."),
    };

    private int Others(JsonNode? schema, List<string> names, int current, int after)
    {
        int key = graph.Add(), colon = graph.Add(), next = graph.Add(), quote = graph.Add();
        if (current >= 0) graph.Empty(current, key);
        if (after >= 0) Comma(after, key);
        Comma(next, key);
        graph.Byte(key, (byte)'"', (byte)'"', quote);
        if (names.Count == 0)
        {
            Utf8Grammar.AnyCharacter(graph, quote, quote);
            graph.AllowFree(quote, int.MaxValue);
            graph.Byte(quote, (byte)'"', (byte)'"', colon);
        }
        else
        {
            OtherNames(quote, [.. names.Select(name => name.EnumerateRunes().Select(rune => rune.Value).ToArray())], 0, colon);
        }

        Value(colon, schema, next);
        if (after >= 0) graph.Empty(after, next);
        return next;
    }

    /// <summary>The rest of a name that is none of the given ones, and its quote.</summary>
    private void OtherNames(int from, List<int[]> names, int place, int to)
    {
        if (!names.Exists(name => name.Length == place)) graph.Byte(from, (byte)'"', (byte)'"', to);
        var rest = new List<(int, int)>();
        int low = 0;
        foreach (IGrouping<int, int[]> group in names.Where(name => name.Length > place).GroupBy(name => name[place]).OrderBy(group => group.Key))
        {
            if (group.Key > low) rest.Add((low, group.Key - 1));
            low = group.Key + 1;
            int same = graph.Add();
            Utf8Grammar.Characters(graph, from, [(group.Key, group.Key)], same);
            OtherNames(same, [.. group], place + 1, to);
        }

        rest.Add((low, 0x10FFFF));
        int free = graph.Add();
        Utf8Grammar.Characters(graph, from, rest, free);
        Utf8Grammar.Characters(graph, free, Utf8Grammar.Everything, free);
        graph.Byte(free, (byte)'"', (byte)'"', to);
    }

    private bool Array(JsonObject schema, int from, int to)
    {
        int minimum = Count(schema, "minItems") ?? 0;
        int? maximum = Count(schema, "maxItems");
        JsonArray first = FirstItems(schema);
        JsonNode? items = schema.TryGetPropertyValue("items", out JsonNode? given) ? given : JsonValue.Create(true);
        if (items is JsonArray) throw new NotSupportedException("The schema's items are a list, as in drafts before 2020-12: name them prefixItems.");
        bool hasMore = merging.Alternatives(items).Count > 0;
        for (int i = 0; i < first.Count; i++)
        {
            if (merging.Alternatives(first[i]).Count == 0) maximum = Math.Min(maximum ?? i, i);
        }

        if (!hasMore) maximum = Math.Min(maximum ?? first.Count, first.Count);
        if (maximum < minimum) return false;

        int start = graph.Add(), end = graph.Add(), place = graph.Add();
        Nest(from, "[]"u8, start, end, to);
        graph.Call(start, blanks, place);
        if (minimum == 0) graph.Empty(place, end);
        int fixedCount = Math.Max(minimum, first.Count), most = maximum ?? int.MaxValue;
        List<int> starts = [];
        for (int i = 0; i < most; i++)
        {
            starts.Add(graph.NodeCount);
            // From here on every item is like the next one.
            bool loops = maximum is null && i >= fixedCount;
            int item = place, next = graph.Add();
            if (i > 0)
            {
                item = graph.Add();
                Comma(place, item);
            }

            graph.Call(item, Rule(i < first.Count ? first[i] : items), next);
            if (i + 1 >= minimum) graph.Call(next, blanks, end);
            place = next;
            if (!loops) continue;
            int again = graph.Add();
            Comma(next, again);
            graph.Call(again, Rule(items), next);
            break;
        }

        if (maximum is not null)
        {
            starts.Add(graph.NodeCount);
            graph.Repeats(starts, minimum, first.Count, inString: false);
        }

        return true;
    }

    /// <summary>Reads brackets and what is between them as a rule of its own, so that those which are open can be counted.</summary>
    private void Nest(int from, ReadOnlySpan<byte> brackets, int start, int end, int to)
    {
        int rule = graph.Add();
        graph.Call(from, rule, to, nests: true);
        graph.Byte(rule, brackets[0], brackets[0], start);
        graph.Byte(end, brackets[1], brackets[1], graph.Add(endsRule: true));
    }

    private void Comma(int from, int to)
    {
        int comma = graph.Add(), after = graph.Add();
        graph.Call(from, blanks, comma);
        graph.Byte(comma, (byte)',', (byte)',', after);
        graph.Call(after, blanks, to);
    }

    private void Value(int colon, JsonNode? schema, int to)
    {
        int sign = graph.Add(), after = graph.Add(), value = graph.Add();
        graph.Call(colon, blanks, sign);
        graph.Byte(sign, (byte)':', (byte)':', after);
        graph.Call(after, blanks, value);
        graph.Call(value, Rule(schema), to);
    }
}
