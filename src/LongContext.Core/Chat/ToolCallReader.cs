using System.Text;

namespace LongContext.Chat;

/// <summary>
/// Tells calls from text in one answer, which comes in pieces. The readings are the same however the answer is cut into pieces, but for
/// where their texts are cut: texts in a row, joined, are the same.
/// </summary>
/// <remarks>
/// Text is given as soon as it cannot be the beginning of a call, a call as soon as it is whole. What begins like a call and is none
/// (not JSON, no such fields, cut off, too long or too deep) is given as the text that it is; nothing that a model writes throws.
/// For one answer and one thread.
/// </remarks>
public sealed class ToolCallReader
{
    private readonly StringBuilder _text = new();
    private readonly ToolCallSyntax _syntax;

    internal ToolCallReader(ToolCallSyntax syntax) => _syntax = syntax;

    /// <summary>Takes the answer's next piece.</summary>
    /// <param name="piece">Any part of the text, special tokens included (<see cref="ToolCallSyntax.SpecialTokens"/>); may be empty.</param>
    /// <returns>What is now known, in order; empty where nothing is.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="piece"/> is null.</exception>
    public IReadOnlyList<ToolCallReading> Add(string piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        // No format has a syntax yet.
        if (_syntax.Opening is null) return piece.Length == 0 ? [] : [new ToolCallReading(piece)];
        _text.Append(piece);
        return [];
    }

    /// <summary>Ends the answer.</summary>
    /// <returns>What was held back: a last call, or the text of one that was not finished. Empty where nothing was.</returns>
    public IReadOnlyList<ToolCallReading> Flush()
    {
        string text = _text.ToString();
        _text.Clear();
        return text.Length == 0 ? [] : [new ToolCallReading(text)];
    }
}
