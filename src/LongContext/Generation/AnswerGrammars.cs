using LongContext.Generation.Grammars;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>The grammars that a client's answers are held to; the last few are kept, since callers ask for the same form and the same functions again and again.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
internal sealed class AnswerGrammars(Tokenizer tokenizer)
{
    private readonly Cache<GenerationGrammar> forms = new();
    private readonly Cache<CompiledGrammar> calls = new();

    /// <summary>The grammar of the form that is asked for; null where any text may come.</summary>
    public GenerationGrammar? Of(ChatRequestOptions asked) => asked switch
    {
        { JsonSchema: { } schema } => forms.Get("json " + schema, () => JsonGrammar.FromSchema(schema, tokenizer)),
        { Pattern: { } pattern } => forms.Get("pattern " + pattern, () => TextGrammar.FromPattern(pattern, tokenizer)),
        { Choices: { Count: > 0 } choices } => forms.Get("choices " + string.Concat(choices.Select(choice => $"{choice.Length}:{choice}")), () => TextGrammar.FromChoices(choices, tokenizer)),
        _ => null,
    };

    /// <summary>The grammar of answers with calls, all of one syntax; null where the answer is free, because nothing tells where a call opens or what the tokens spell, and nothing strict is asked for.</summary>
    public CompiledGrammar? OfCalls(CallGrammarForm form)
    {
        string first = form.Syntax.Prefix + form.Syntax.CallPrefix;
        if (form.MayEndAnywhere && (form.Syntax.Opening is not { Length: > 0 } opening || !first.StartsWith(opening, StringComparison.Ordinal))) return null;
        TokenBytes tokens;
        try
        {
            tokens = TokenBytes.Of(tokenizer, form.Syntax.SpecialTokens);
        }
        catch (NotSupportedException) when (form.MayEndAnywhere && !form.Tools.Any(each => each.IsStrict))
        {
            return null;
        }

        return calls.Get(form.Key(), () => CallGrammar.Create(form, tokens));
    }

    private sealed class Cache<T>
    {
        private const int Most = 32;
        private readonly Dictionary<string, T> kept = new(StringComparer.Ordinal);

        public T Get(string key, Func<T> make)
        {
            lock (kept)
            {
                if (kept.TryGetValue(key, out T? known)) return known;
            }

            // Not under the lock: others' grammars are found meanwhile.
            T made = make();
            lock (kept)
            {
                if (kept.Count >= Most) kept.Clear();
                kept[key] = made;
            }

            return made;
        }
    }
}
