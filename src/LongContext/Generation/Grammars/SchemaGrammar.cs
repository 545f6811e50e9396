using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Generation.Grammars;

/// <summary>Makes a grammar of a JSON schema.</summary>
internal sealed partial class SchemaGrammar
{
    private const int LongestBlanks = 20;
    private const decimal Unbounded = 99_999_999_999_999_999_999m;

    /// <summary>Words that say what texts are valid, but not in a way a grammar here can hold.</summary>
    private static readonly HashSet<string> s_refused =
    [
        "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "patternProperties", "propertyNames", "minProperties", "maxProperties",
        "unevaluatedProperties", "unevaluatedItems", "contains", "minContains", "maxContains", "uniqueItems", "multipleOf", "additionalItems", "$dynamicRef", "$recursiveRef",
    ];

    private readonly GrammarGraph graph;
    private readonly SchemaMerging merging;
    private readonly JsonGrammarOptions options;
    private readonly Dictionary<string, int> rules = new(StringComparer.Ordinal);
    private readonly Queue<(string Text, int Start)> open = [];
    private readonly int blanks;
    private readonly int character;

    private SchemaGrammar(GrammarGraph graph, JsonNode schema, JsonGrammarOptions options)
    {
        (this.graph, this.options) = (graph, options);
        merging = new SchemaMerging(schema);
        blanks = graph.Add();
        int end = graph.Add(endsRule: true);
        graph.Empty(blanks, end);
        if (options.Whitespace == JsonWhitespace.Limited)
        {
            graph.Byte(blanks, (byte)' ', (byte)' ', end);
            int line = graph.Add();
            graph.Byte(blanks, (byte)'\n', (byte)'\n', line);
            for (int i = 0; i <= LongestBlanks; i++)
            {
                graph.Empty(line, end);
                if (i == LongestBlanks) break;
                int next = graph.Add();
                graph.Byte(line, (byte)' ', (byte)' ', next);
                graph.Byte(line, (byte)'\t', (byte)'\t', next);
                line = next;
            }
        }

        character = graph.Add();
        Utf8Grammar.AnyCharacter(graph, character, graph.Add(endsRule: true));
        graph.BeginClass(character, 0);
    }

    /// <summary>The rule of a schema's texts.</summary>
    /// <exception cref="ArgumentException">The schema is not one, is too large, or nothing satisfies it.</exception>
    /// <exception cref="NotSupportedException">It has a word that a grammar cannot hold.</exception>
    public static int Build(GrammarGraph graph, JsonNode schema, JsonGrammarOptions options)
    {
        var builder = new SchemaGrammar(graph, schema, options);
        int start = builder.Rule(schema);
        // One after another, so that deep schemas need no deep stack.
        while (builder.open.TryDequeue(out (string Text, int Start) next)) builder.Fill(JsonNode.Parse(next.Text), next.Start);
        return start;
    }

    private int Rule(JsonNode? schema)
    {
        string text = schema?.ToJsonString() ?? "null";
        if (rules.TryGetValue(text, out int start)) return start;
        rules[text] = start = graph.Add();
        open.Enqueue((text, start));
        return start;
    }

    private void Fill(JsonNode? schema, int start)
    {
        List<JsonObject> alternatives = merging.Alternatives(schema);
        int end = graph.Add(endsRule: true);
        bool any = false;
        foreach (JsonObject alternative in alternatives)
        {
            RequireHeld(alternative);
            any |= Concrete(alternative, start, end);
        }

        if (!any) throw new ArgumentException($"Nothing satisfies the schema {Shortened(schema)}.");
    }

    /// <exception cref="NotSupportedException">A word is there that a grammar cannot hold.</exception>
    private static void RequireHeld(JsonObject alternative)
    {
        bool isListed = alternative.ContainsKey("const") || alternative["enum"] is not null;
        foreach ((string key, JsonNode? _) in alternative)
        {
            // Of values that are listed it can be told.
            if (key == "multipleOf" && isListed) continue;
            if (s_refused.Contains(key)) throw new NotSupportedException($"The schema has \"{key}\", which cannot be held by a grammar: leave it out and check the answer for it.");
        }
    }

    /// <summary>Reads what one alternative says.</summary>
    /// <returns>Whether there is anything.</returns>
    private bool Concrete(JsonObject schema, int from, int to)
    {
        if (schema.TryGetPropertyValue("const", out JsonNode? constant))
        {
            if (!Fits(schema, constant) || !IsListed(schema, constant)) return false;
            graph.Text(from, Literal(constant), to);
            return true;
        }

        if (schema["enum"] is { } listed)
        {
            JsonNode?[] fitting = [.. Listed(listed).Where(value => Fits(schema, value))];
            graph.Texts(from, fitting.Select(Literal), to);
            return fitting.Length > 0;
        }

        switch (schema["type"]!.GetValue<string>())
        {
            case "object":
                return Object(schema, from, to);
            case "array":
                return Array(schema, from, to);
            case "string":
                return String(schema, from, to);
            case "boolean":
                graph.Text(from, "true"u8, to);
                graph.Text(from, "false"u8, to);
                return true;
            case "null":
                graph.Text(from, "null"u8, to);
                return true;
            case var type:
                return Number(schema, from, to, isInteger: type == "integer");
        }
    }

    /// <summary>A value as it is, without blanks inside; a number as the schema spells it.</summary>
    private static byte[] Literal(JsonNode? value)
    {
        var text = new StringBuilder();
        Write(value);
        return Encoding.UTF8.GetBytes(text.ToString());

        void Write(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject map:
                    text.Append('{');
                    foreach ((string key, JsonNode? item) in map)
                    {
                        if (text[^1] != '{') text.Append(',');
                        text.Append(Quoted(key)).Append(':');
                        Write(item);
                    }

                    text.Append('}');
                    break;
                case JsonArray list:
                    text.Append('[');
                    for (int i = 0; i < list.Count; i++)
                    {
                        if (i > 0) text.Append(',');
                        Write(list[i]);
                    }

                    text.Append(']');
                    break;
                default:
                    text.Append(node?.GetValueKind() == JsonValueKind.String ? Quoted(node.GetValue<string>()) : node?.ToJsonString() ?? "null");
                    break;
            }
        }
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            int place = "\"\\\b\f\n\r\t".IndexOf(c, StringComparison.Ordinal);
            if (place >= 0) quoted.Append('\\').Append("\"\\bfnrt"[place]);
            else if (c < ' ') quoted.Append("\\u00").Append(((int)c).ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
            else quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    private bool String(JsonObject schema, int from, int to)
    {
        int inside = graph.Add(), end = graph.Add();
        graph.Byte(from, (byte)'"', (byte)'"', inside);
        graph.Byte(end, (byte)'"', (byte)'"', to);
        int minimum = Count(schema, "minLength") ?? 0;
        int? maximum = Count(schema, "maxLength");
        if (maximum < minimum) return false;
        string? pattern = schema["pattern"] is { } given ? Text(given, "pattern") : null;
        string? format = schema["format"] is { } named && FormatPatterns.Find(Text(named, "format")) is { } known ? known : null;
        if ((pattern ?? format) is { } single)
        {
            if (pattern is not null && format is not null) throw new NotSupportedException("The schema gives a string both a pattern and a format: leave one out.");
            if (schema.ContainsKey("minLength") || schema.ContainsKey("maxLength"))
                throw new NotSupportedException("The schema gives a string both a pattern (or format) and a length: put the length into the pattern.");
            PatternGrammar.Build(graph, inside, single, end);
            return true;
        }

        List<int> starts = [];
        for (int i = 0; i < minimum; i++) inside = After(inside, i + 1);
        if (maximum is null)
        {
            Utf8Grammar.AnyCharacter(graph, inside, inside);
            graph.AllowFree(inside, int.MaxValue);
        }
        else
        {
            for (int i = minimum; i < maximum; i++)
            {
                graph.Empty(inside, end);
                inside = After(inside, i + 1);
            }
        }

        graph.Empty(inside, end);
        starts.Add(graph.NodeCount);
        graph.Repeats(starts, minimum);
        return true;

        int After(int place, int read)
        {
            int next = graph.Add();
            starts.Add(next);
            graph.Call(place, character, next);
            graph.AllowFree(next, maximum is { } most ? most - read : int.MaxValue);
            return next;
        }
    }

    private bool Number(JsonObject schema, int from, int to, bool isInteger)
    {
        bool isBounded = false, hasNone = false;
        decimal? minimum = Bound("minimum", isLower: true), above = Bound("exclusiveMinimum", isLower: true);
        decimal? maximum = Bound("maximum", isLower: false), below = Bound("exclusiveMaximum", isLower: false);
        if (hasNone) return false;
        if (!isBounded && isInteger) (minimum, maximum) = (long.MinValue, long.MaxValue);
        if (!isBounded) graph.Text(from, "-0"u8, to);
        if (isInteger || isBounded)
        {
            decimal low = Math.Max(minimum ?? -Unbounded, above ?? -Unbounded), high = Math.Min(maximum ?? Unbounded, below ?? Unbounded);
            return NumberGrammar.Range(graph, from, low, low == above, high, high == below, isInteger, to);
        }

        PatternGrammar.Build(graph, from, @"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,20})?([eE][+\-]?([0-9]{1,2}|1[0-9][0-9]|2[0-7][0-9]))?$", to);
        return true;

        decimal? Bound(string key, bool isLower)
        {
            if (schema[key] is not { } node) return null;
            if (node.GetValueKind() != JsonValueKind.Number) throw new ArgumentException($"The schema's {key} is {Shortened(node)}, expected a number.");
            isBounded = true;
            if (decimal.TryParse(node.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out decimal value) && Math.Abs(value) <= Unbounded) return value;
            // Beyond what is written without an exponent: on one side of it lies every number that is, on the other none.
            hasNone |= node.GetValue<double>() > 0 == isLower;
            return null;
        }
    }

    private static int? Count(JsonObject schema, string key)
    {
        if (schema[key] is not { } node) return null;
        return node.GetValueKind() == JsonValueKind.Number && node.GetValue<double>() is var number and >= 0 and <= int.MaxValue && number % 1 == 0 ? (int)number
            : throw new ArgumentException($"The schema's {key} is {Shortened(node)}, expected a count, 0 or more.");
    }

    private static string Text(JsonNode node, string key) =>
        node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : throw new ArgumentException($"The schema's {key} is {Shortened(node)}, expected a string.");

    private static string Shortened(JsonNode? node)
    {
        string text = node?.ToJsonString() ?? "null";
        return text.Length <= 200 ? text : string.Concat(text.AsSpan(0, 200), "…");
    }
}
