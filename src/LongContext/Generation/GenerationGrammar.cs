using System.Security.Cryptography;
using System.Text;
using LongContext.Generation.Grammars;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>
/// What a text must be, as a grammar that generation is held to (<see cref="GenerationOptions.Grammar"/>): whatever the model prefers, only tokens are chosen that the text can go on with, and it ends only where it is
/// complete. Made once, used by any number of requests; safe for use by several threads.
/// </summary>
/// <remarks>
/// The grammar is a recursive transition network over bytes, and a token may be taken where its bytes can be read from a place that the text has reached (Willard and Louf 2023;
/// Dong et al. 2024): a tree of all tokens' bytes is walked along with the grammar once for each such state, then kept.
/// </remarks>
public abstract class GenerationGrammar
{
    private readonly Lock gate = new();
    private readonly GrammarGraph graph;
    private readonly TokenBytes tokens;

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="settings">What the grammar is made of: tells it from others.</param>
    /// <param name="make">An empty graph for tokens of some bytes at most.</param>
    /// <param name="build">Fills the graph, and says where its texts begin.</param>
    private protected GenerationGrammar(Tokenizer tokenizer, string settings, Func<int, GrammarGraph> make, Func<GrammarGraph, int> build)
    {
        Description = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(settings)))[..16];
        tokens = TokenBytes.Of(tokenizer);
        graph = make(tokens.Trie.LongestText);
        int root = build(graph);
        if (tokens.DropsFirstBlank)
        {
            // A blank that decoding drops again: models of such tokenizers begin with it.
            int own = root;
            root = graph.Add();
            graph.Empty(root, own);
            graph.Byte(root, (byte)' ', (byte)' ', own);
        }

        Start = graph.Start(root);
        // What takes longest is done here, and not on the thread of those who generate.
        foreach (IReadOnlyList<(int, int)> set in graph.Classes) tokens.Trie.Of(set);
        graph.Allowed(Start, tokens.Trie, out _);
    }

    /// <summary>Tells grammars of other texts or options apart.</summary>
    internal string Description { get; }

    /// <summary>Before anything is read.</summary>
    internal GrammarState Start { get; }

    /// <summary>Whether a text is one of the grammar's.</summary>
    /// <param name="text">The text, complete.</param>
    public bool IsMatch(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        lock (gate)
        {
            GrammarState state = Start;
            foreach (byte value in Encoding.UTF8.GetBytes(text)) state = graph.Step(state, value);
            return state.IsComplete;
        }
    }

    /// <summary>A bit for each token that may follow a state, with text; the end apart.</summary>
    internal ulong[] Allowed(GrammarState state) => Allowed(state, out _);

    /// <summary>The same, and how much had to be looked at for it.</summary>
    internal ulong[] Allowed(GrammarState state, out long work)
    {
        lock (gate) return graph.Allowed(state, tokens.Trie, out work);
    }

    /// <summary>The state after a token; null where it cannot follow.</summary>
    internal GrammarState? After(GrammarState state, int token)
    {
        if ((uint)token >= (uint)tokens.Trie.Texts.Count || tokens.Trie.Texts[token] is not { Length: > 0 } text) return null;
        lock (gate)
        {
            foreach (byte value in text) state = graph.Step(state, value);
        }

        return state.Places.Length == 0 && !state.IsComplete ? null : state;
    }
}
