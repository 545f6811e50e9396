using System.Text;

namespace LongContext.Generation.Grammars;

/// <summary>A grammar of texts together with a vocabulary that spells them. Made once, used by any number of requests; safe for use by several threads.</summary>
internal sealed class CompiledGrammar
{
    private readonly Lock gate = new();
    private readonly GrammarGraph graph;
    private readonly TokenBytes tokens;

    /// <summary>Makes a grammar and its first mask.</summary>
    /// <param name="tokens">What the vocabulary's tokens spell.</param>
    /// <param name="maximumDepth">Arrays and objects within one another, at most.</param>
    /// <param name="build">Adds the rules to the graph that it is given, and returns the one that whole texts satisfy.</param>
    /// <param name="isPlainText">See <see cref="GrammarGraph.IsPlainText"/>.</param>
    /// <exception cref="NoTokenAllowedException">What may come first takes too long to find.</exception>
    public CompiledGrammar(TokenBytes tokens, int maximumDepth, Func<GrammarGraph, int> build, bool isPlainText = false)
    {
        this.tokens = tokens;
        graph = new GrammarGraph { MaximumDepth = maximumDepth, LongestToken = tokens.Trie.LongestText, IsPlainText = isPlainText };
        int root = build(graph), first = root;
        if (tokens.DropsFirstBlank)
        {
            // A blank that decoding drops again: models of such tokenizers begin with it.
            first = graph.Add();
            graph.Empty(first, root);
            graph.Byte(first, (byte)' ', (byte)' ', root);
        }

        Start = graph.Start(first);
        StartInText = first == root ? Start : graph.Start(root);
        // What takes longest is done here, and not on the thread of those who generate.
        foreach (IReadOnlyList<(int, int)> set in graph.Classes) tokens.Trie.Of(set);
        graph.Allowed(Start, tokens.Trie, out _);
        if (StartInText != Start) graph.Allowed(StartInText, tokens.Trie, out _);
    }

    /// <summary>Before anything is read of a text that is decoded by itself: a blank that decoding drops may come first.</summary>
    public GrammarState Start { get; }

    /// <summary>The same of a text that is decoded behind another one, which keeps its first blank.</summary>
    public GrammarState StartInText { get; }

    /// <summary>Tokens of the vocabulary, up to the last one that spells a text.</summary>
    public int VocabularySize => tokens.VocabularySize;

    /// <summary>A bit for each token that has no text; where text is free, it may come.</summary>
    public ReadOnlySpan<ulong> TokensWithoutText => tokens.WithoutText;

    /// <summary>About how many bytes it takes now: more the more of it was used. May be read while others use it.</summary>
    public long Bytes => graph.Bytes;

    /// <summary>Whether a text is one of the grammar's.</summary>
    public bool IsMatch(string text)
    {
        lock (gate)
        {
            GrammarState state = Start;
            foreach (byte value in Encoding.UTF8.GetBytes(text)) state = graph.Step(state, value);
            return state.IsComplete;
        }
    }

    /// <summary>Whether any text may follow here, so that tokens without text may as well.</summary>
    public bool IsFree(GrammarState state) => graph.IsFree(state);

    /// <summary>Whether it is known that any token may follow, the end apart: it is once <see cref="Allowed(GrammarState)"/> was asked, so that this takes no time and has no faults.</summary>
    public bool TakesAnything(GrammarState state)
    {
        if (!IsFree(state)) return false;
        lock (gate)
        {
            if (state.TakesAnything is null && state.Mask is { } mask)
            {
                int word = 0;
                while (word < mask.Length && (mask[word] | tokens.WithoutText[word]) == ulong.MaxValue) word++;
                state.TakesAnything = word == mask.Length;
            }

            return state.TakesAnything is true;
        }
    }

    /// <summary>A bit for each token that may follow a state, with text; the end and what has no text apart.</summary>
    public ulong[] Allowed(GrammarState state) => Allowed(state, out _);

    /// <summary>The same, and how much had to be looked at for it.</summary>
    public ulong[] Allowed(GrammarState state, out long work)
    {
        lock (gate) return graph.Allowed(state, tokens.Trie, out work);
    }

    /// <summary>The state after a token; null where it cannot follow.</summary>
    public GrammarState? After(GrammarState state, int token)
    {
        if ((uint)token >= (uint)tokens.Trie.Texts.Count || tokens.Trie.Texts[token] is not { Length: > 0 } text) return IsFree(state) ? state : null;
        lock (gate)
        {
            foreach (byte value in text) state = graph.Step(state, value);
        }

        return state.Places.Length == 0 && !state.IsComplete ? null : state;
    }
}
