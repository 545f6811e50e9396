using LongContext.Generation.Grammars;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>The grammars that a client's answers are held to; those asked for last are kept, since callers ask for the same form and the same functions again and again.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="mostBytes">Bytes that they may take together: each grows as it is used, to some 300 MB at most. The one asked for last is kept whatever it takes.</param>
internal sealed class AnswerGrammars(Tokenizer tokenizer, long mostBytes = 512L << 20)
{
    private const int Most = 32;

    /// <summary>The one asked for last stands at the end.</summary>
    private readonly OrderedDictionary<string, object> kept = new(StringComparer.Ordinal);

    /// <summary>Grammars that are kept.</summary>
    public int Count
    {
        get
        {
            lock (kept) return kept.Count;
        }
    }

    /// <summary>The grammar of the form that is asked for; null where any text may come.</summary>
    /// <param name="asked">What is asked for.</param>
    /// <param name="usual">Blanks in JSON where the request does not say; null for none where its schema is strict.</param>
    public GenerationGrammar? Of(ChatRequestOptions asked, JsonWhitespace? usual = null) => asked switch
    {
        { JsonSchema: { } schema } => OfJson(schema, asked.JsonWhitespace ?? usual ?? (asked.IsStrict ? JsonWhitespace.None : JsonWhitespace.Limited)),
        { Pattern: { } pattern } => Get<GenerationGrammar>("pattern " + pattern, () => TextGrammar.FromPattern(pattern, tokenizer)),
        { Choices: { Count: > 0 } choices } => Get<GenerationGrammar>("choices " + string.Concat(choices.Select(choice => $"{choice.Length}:{choice}")), () => TextGrammar.FromChoices(choices, tokenizer)),
        _ => null,
    };

    private GenerationGrammar OfJson(string schema, JsonWhitespace blanks) =>
        Get<GenerationGrammar>($"json {blanks} {schema}", () => JsonGrammar.FromSchema(schema, tokenizer, new JsonGrammarOptions { Whitespace = blanks }));

    /// <summary>The grammar of answers with calls, all of one syntax; null where the answer is free: because it is not known what the tokens spell, or calls open by nothing but how a text begins, and nothing strict is asked for.</summary>
    public CompiledGrammar? OfCalls(CallGrammarForm form)
    {
        // It takes something from answers: JSON that begins like a call.
        if (form is { MayEndAnywhere: true, Syntax.IsBare: true } && !form.Tools.Any(each => each.IsStrict)) return null;
        TokenBytes tokens;
        try
        {
            tokens = TokenBytes.Of(tokenizer, form.Syntax.SpecialTokens);
        }
        catch (NotSupportedException) when (form.MayEndAnywhere && !form.Tools.Any(each => each.IsStrict))
        {
            return null;
        }

        return Get("calls " + form.Key(), () => CallGrammar.Create(form, tokens));
    }

    private T Get<T>(string key, Func<T> make)
        where T : class
    {
        lock (kept)
        {
            if (kept.Remove(key, out object? known))
            {
                Keep(key, known);
                return (T)known;
            }
        }

        // Not under the lock: others' grammars are found meanwhile.
        T made = make();
        lock (kept)
        {
            // Another may have made it meanwhile.
            kept.Remove(key);
            Keep(key, made);
        }

        return made;
    }

    /// <summary>Puts one at the end, and lets go of the first ones as long as there are too many or they take too much.</summary>
    private void Keep(string key, object grammar)
    {
        kept.Add(key, grammar);
        long bytes = kept.Sum(pair => Bytes(pair.Key, pair.Value));
        while (kept.Count > 1 && (kept.Count > Most || bytes > mostBytes))
        {
            (string first, object oldest) = kept.GetAt(0);
            bytes -= Bytes(first, oldest);
            kept.RemoveAt(0);
        }
    }

    private static long Bytes(string key, object grammar) => (2L * key.Length) + (grammar is GenerationGrammar form ? form.Texts : (CompiledGrammar)grammar).Bytes;
}
