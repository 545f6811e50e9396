using System.Security.Cryptography;
using System.Text;
using LongContext.Generation.Grammars;

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
    /// <param name="settings">What the grammar is made of: tells it from others.</param>
    /// <param name="texts">The grammar itself.</param>
    private protected GenerationGrammar(string settings, CompiledGrammar texts)
    {
        Description = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(settings)))[..16];
        Texts = texts;
    }

    /// <summary>Tells grammars of other texts or options apart.</summary>
    internal string Description { get; }

    /// <summary>The grammar itself.</summary>
    internal CompiledGrammar Texts { get; }

    /// <summary>Whether a text is one of the grammar's.</summary>
    /// <param name="text">The text, complete.</param>
    public bool IsMatch(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Texts.IsMatch(text);
    }
}
