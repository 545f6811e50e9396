using System.Text;
using LongContext.Generation.Grammars;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>Plain texts as a grammar: one of some choices, or what a pattern matches.</summary>
public sealed class TextGrammar : GenerationGrammar
{
    private const int LongestPattern = 1 << 16;
    private const int MostChoices = 1 << 16;
    private const long LongestChoices = 1 << 20;

    /// <summary>Nothing nests in plain text.</summary>
    private const int NoDepth = 1;

    private TextGrammar(Tokenizer tokenizer, string settings, Action<GrammarGraph, int, int> build)
        : base(settings, new CompiledGrammar(TokenBytes.Of(tokenizer), NoDepth, graph => Build(graph, build), isPlainText: true))
    {
    }

    /// <summary>A grammar of some texts.</summary>
    /// <param name="choices">The texts: up to 65,536, none empty, of a million characters together at most. One that is there twice counts once.</param>
    /// <param name="tokenizer">The model's tokenizer, of a Hugging Face folder.</param>
    /// <exception cref="ArgumentException">There is no text or too many, they are too long, or one is empty or has half a surrogate pair; the message says which.</exception>
    /// <exception cref="NotSupportedException">It is not known what the tokenizer's tokens spell.</exception>
    public static TextGrammar FromChoices(IReadOnlyList<string> choices, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(choices);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (choices.Count is 0 or > MostChoices) throw new ArgumentException($"There are {choices.Count} choices, expected 1 to {MostChoices}.", nameof(choices));
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        var texts = new byte[choices.Count][];
        long length = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            if (string.IsNullOrEmpty(choices[i])) throw new ArgumentException($"Choice {i} is empty.", nameof(choices));
            if ((length += choices[i].Length) > LongestChoices) throw new ArgumentException($"The choices have more than {LongestChoices} characters together.", nameof(choices));
            try
            {
                texts[i] = encoding.GetBytes(choices[i]);
            }
            catch (EncoderFallbackException e)
            {
                throw new ArgumentException($"Choice {i} has half a surrogate pair.", nameof(choices), e);
            }
        }

        // Lengths before the texts, so that no two lists are written alike.
        string settings = "choices " + string.Concat(choices.Select(choice => $"{choice.Length}:{choice}"));
        return new TextGrammar(tokenizer, settings, (graph, from, to) => graph.Texts(from, texts, to));
    }

    /// <summary>A grammar of the texts that a pattern matches as a whole, whether or not it has anchors.</summary>
    /// <param name="pattern">
    /// The regular part of ECMAScript's patterns: literals, classes, groups, alternatives, repetitions (numbers up to 10,000), ^ and $ at the ends. Up to 65,536 characters.
    /// </param>
    /// <param name="tokenizer">The model's tokenizer, of a Hugging Face folder.</param>
    /// <exception cref="ArgumentException">The pattern is none, is too long, makes too large a grammar, or has what is not regular (look-around, references back, word borders); the message says what and where.</exception>
    /// <exception cref="NotSupportedException">It is not known what the tokenizer's tokens spell.</exception>
    /// <exception cref="NoTokenAllowedException">The pattern is too ambiguous to be followed: it makes too many places that a text may be at, or what may come first takes too long to find.</exception>
    public static TextGrammar FromPattern(string pattern, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (pattern.Length > LongestPattern) throw new ArgumentException($"The pattern has {pattern.Length} characters, expected at most {LongestPattern}.", nameof(pattern));
        return new TextGrammar(tokenizer, "pattern " + pattern, (graph, from, to) => PatternGrammar.Build(graph, from, pattern, to, isWhole: true));
    }

    private static int Build(GrammarGraph graph, Action<GrammarGraph, int, int> build)
    {
        int root = graph.Add();
        build(graph, root, graph.Add(endsRule: true));
        return root;
    }
}
