using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Generation.Grammars;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>The JSON texts that a schema allows, as a grammar.</summary>
/// <remarks>
/// <para>Of JSON schema (2020-12) there are: type (one or several), enum, const, anyOf and oneOf (both as "at least one"), allOf, $ref into the schema itself (recursion included), $defs; properties, required,
/// additionalProperties; items, prefixItems, minItems, maxItems; minLength, maxLength, pattern (the regular part of ECMAScript's), format (date, time, date-time, duration, uuid, ipv4, hostname, email);
/// minimum, maximum, exclusiveMinimum, exclusiveMaximum. Remarks and unknown words are ignored, other formats too. Words that limit texts in another way are refused by a
/// <see cref="NotSupportedException"/>: not, if, dependent…, patternProperties, propertyNames, min/maxProperties, unevaluated…, contains, uniqueItems, and multipleOf but beside enum or const. Of an enum's or const's values those are
/// left that the schema's other words allow.</para>
/// <para>It is stricter than the schema in how a text is written: properties come in the schema's order and others after them; an integer has no decimals and no exponent, a number
/// with bounds no exponent and both at most 20 digits on each side of the point; strings with a pattern, enum or format and property names have escapes only where they must.</para>
/// </remarks>
public sealed class JsonGrammar : GenerationGrammar
{
    private const int LongestSchema = 1 << 20;

    private JsonGrammar(JsonNode schema, TokenBytes tokens, JsonGrammarOptions options)
        : base(
            $"{schema.ToJsonString()} {options.Whitespace} {options.AllowsUndeclaredProperties} {options.MaximumDepth}",
            new CompiledGrammar(tokens, options.MaximumDepth, graph => SchemaGrammar.Build(graph, schema, options))) =>
        (Schema, Options) = (schema.ToJsonString(), options);

    /// <summary>The schema, as JSON.</summary>
    internal string Schema { get; }

    /// <summary>How the schema was read.</summary>
    internal JsonGrammarOptions Options { get; }

    /// <summary>A grammar of the texts that a JSON schema allows.</summary>
    /// <param name="schema">The schema, as JSON.</param>
    /// <param name="tokenizer">The model's tokenizer, of a Hugging Face folder.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="ArgumentException">The schema is no JSON or no schema, is too large, refers to nothing or only to itself, or nothing satisfies it; the message says what was found.</exception>
    /// <exception cref="NotSupportedException">
    /// The schema has a word that a grammar cannot hold, or it is not known what the tokenizer's tokens spell: then whatever the schema is, and <see cref="AnyObject"/> is refused, too.
    /// </exception>
    /// <exception cref="NoTokenAllowedException">The schema is too ambiguous to be followed: it makes too many places that a text may be at, or what may come first takes too long to find.</exception>
    public static JsonGrammar FromSchema(string schema, Tokenizer tokenizer, JsonGrammarOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (schema.Length > LongestSchema) throw new ArgumentException($"The schema has {schema.Length} characters, expected at most {LongestSchema}.", nameof(schema));
        options ??= new JsonGrammarOptions();
        options.Validate();
        // Before the schema is read: what is wrong with the vocabulary is none of its faults.
        TokenBytes tokens = TokenBytes.Of(tokenizer);
        try
        {
            JsonNode? node = JsonNode.Parse(schema, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            return new JsonGrammar(node ?? throw new ArgumentException("The schema is null, expected an object, true or false.", nameof(schema)), tokens, options);
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"The schema is no JSON: {e.Message}", nameof(schema), e);
        }
        catch (InvalidOperationException e) when (e is not NoTokenAllowedException)
        {
            // A word of the schema has a value of a type that it cannot have.
            throw new ArgumentException($"The schema is no JSON schema: {e.Message}", nameof(schema), e);
        }
    }

    /// <summary>A grammar of all JSON objects, as OpenAI's "json_object" asks for.</summary>
    /// <param name="tokenizer">The model's tokenizer, of a Hugging Face folder.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="NotSupportedException">It is not known what the tokenizer's tokens spell.</exception>
    public static JsonGrammar AnyObject(Tokenizer tokenizer, JsonGrammarOptions? options = null) => FromSchema("""{"type":"object"}""", tokenizer, options);

    /// <summary>A grammar of all JSON texts.</summary>
    /// <param name="tokenizer">The model's tokenizer, of a Hugging Face folder.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="NotSupportedException">It is not known what the tokenizer's tokens spell.</exception>
    public static JsonGrammar AnyValue(Tokenizer tokenizer, JsonGrammarOptions? options = null) => FromSchema("{}", tokenizer, options);
}
