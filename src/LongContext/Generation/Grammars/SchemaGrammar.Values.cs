using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Generation.Grammars;

/// <summary>Which of a schema's listed values (enum, const) its other words allow.</summary>
internal sealed partial class SchemaGrammar
{
    /// <summary>Values that are compared with one another, at most: lists of them may stand in lists.</summary>
    private const int MostComparisons = 4 << 20;

    /// <summary>One for all patterns, so that its bound holds for their work together.</summary>
    private readonly GrammarGraph patterns = new() { IsPlainText = true };
    private readonly Dictionary<string, GrammarState> patternStarts = new(StringComparer.Ordinal);
    private readonly Dictionary<JsonNode, List<JsonObject>> known = new(ReferenceEqualityComparer.Instance);
    private int comparisons;

    /// <summary>Whether a listed value satisfies the schema's other words.</summary>
    private bool IsAllowed(JsonObject schema, JsonNode? value) =>
        (!schema.TryGetPropertyValue("const", out JsonNode? constant) || AreEqual(constant, value)) && Fits(schema, value);

    /// <summary>Whether a value satisfies any alternative of a schema.</summary>
    private bool Satisfies(JsonNode? value, JsonNode? schema)
    {
        if (schema is null || !known.TryGetValue(schema, out List<JsonObject>? alternatives))
        {
            alternatives = merging.Alternatives(schema);
            alternatives.ForEach(RequireHeld);
            known.Add(schema!, alternatives);
        }

        return alternatives.Exists(alternative => IsAllowed(alternative, value) && IsListed(alternative, value));
    }

    private bool IsListed(JsonObject schema, JsonNode? value) => schema["enum"] is not { } listed || Listed(listed).Any(item => AreEqual(item, value));

    private bool AreEqual(JsonNode? left, JsonNode? right)
    {
        if (++comparisons > MostComparisons) throw new ArgumentException($"The schema's lists of values within lists of values take more than {MostComparisons} comparisons.");
        return JsonNode.DeepEquals(left, right);
    }

    /// <summary>Whether a value satisfies all words of a schema without references and combinations, const and enum apart. A word about another type says nothing of it.</summary>
    private bool Fits(JsonObject schema, JsonNode? value)
    {
        if (schema["type"] is { } type && !IsOf(SchemaMerging.Types(type), value)) return false;
        return value switch
        {
            JsonObject map => FitsObject(schema, map),
            JsonArray list => FitsArray(schema, list),
            _ => value?.GetValueKind() switch
            {
                JsonValueKind.Number => FitsNumber(schema, ExactNumber.Of(value, "a listed value")),
                JsonValueKind.String => FitsString(schema, value.GetValue<string>()),
                _ => true,
            },
        };
    }

    private static JsonArray Listed(JsonNode node) => node as JsonArray ?? throw new ArgumentException($"The schema's enum is {Shortened(node)}, expected a list.");

    private static bool IsOf(string[] types, JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => types.Contains("object"),
        JsonValueKind.Array => types.Contains("array"),
        JsonValueKind.String => types.Contains("string"),
        JsonValueKind.True or JsonValueKind.False => types.Contains("boolean"),
        // What has no fraction is an integer, however it is written.
        JsonValueKind.Number => types.Contains("number") || (types.Contains("integer") && ExactNumber.Of(value, "a listed value").IsInteger),
        _ => types.Contains("null"),
    };

    private static bool FitsNumber(JsonObject schema, ExactNumber value)
    {
        return Compared("minimum") is not < 0 && Compared("maximum") is not > 0 && Compared("exclusiveMinimum") is not <= 0 && Compared("exclusiveMaximum") is not >= 0
            && (Bound("multipleOf") is not { } divisor || value.IsMultipleOf(divisor));

        int? Compared(string key) => Bound(key) is { } bound ? value.CompareTo(bound) : null;

        ExactNumber? Bound(string key) => schema[key] is { } node ? ExactNumber.Of(node, key) : null;
    }

    private bool FitsString(JsonObject schema, string value)
    {
        int length = 0;
        foreach (Rune _ in value.EnumerateRunes()) length++;
        if (length < Count(schema, "minLength") || length > Count(schema, "maxLength")) return false;
        if (schema["pattern"] is { } pattern && !Matches(Text(pattern, "pattern"), value)) return false;
        return schema["format"] is not { } format || FormatPatterns.Find(Text(format, "format")) is not { } known || Matches(known, value);
    }

    /// <summary>Whether a pattern matches a text, by the grammar that it makes.</summary>
    /// <exception cref="ArgumentException">The pattern cannot be used, or is too ambiguous for it.</exception>
    private bool Matches(string pattern, string text)
    {
        try
        {
            return IsMatch(pattern, text);
        }
        catch (NoTokenAllowedException e)
        {
            throw new ArgumentException($"The schema's patterns are too ambiguous to tell which listed values they allow, at the latest \"{(pattern.Length <= 200 ? pattern : pattern[..200] + "…")}\".", e);
        }
    }

    private bool IsMatch(string pattern, string text)
    {
        if (!patternStarts.TryGetValue(pattern, out GrammarState? state))
        {
            if (patternStarts.Count == 0) patterns.Bound();
            int from = patterns.Add();
            PatternGrammar.Build(patterns, from, pattern, patterns.Add(endsRule: true));
            patternStarts[pattern] = state = patterns.Start(from);
        }

        foreach (byte part in Encoding.UTF8.GetBytes(text)) state = patterns.Step(state, part);
        return state.IsComplete;
    }

    private bool FitsArray(JsonObject schema, JsonArray value)
    {
        if (value.Count < Count(schema, "minItems") || value.Count > Count(schema, "maxItems")) return false;
        JsonArray first = FirstItems(schema);
        bool hasItems = schema.TryGetPropertyValue("items", out JsonNode? items);
        for (int i = 0; i < value.Count; i++)
        {
            if (i < first.Count ? !Satisfies(value[i], first[i]) : hasItems && !Satisfies(value[i], items)) return false;
        }

        return true;
    }

    private bool FitsObject(JsonObject schema, JsonObject value)
    {
        if (Required(schema).Exists(name => !value.ContainsKey(name))) return false;
        JsonObject properties = Properties(schema);
        bool hasOthers = schema.TryGetPropertyValue("additionalProperties", out JsonNode? others);
        foreach ((string name, JsonNode? item) in value)
        {
            if (properties.TryGetPropertyValue(name, out JsonNode? named) ? !Satisfies(item, named) : hasOthers && !Satisfies(item, others)) return false;
        }

        return true;
    }
}
