using System.Text;

namespace LongContext.Chat;

/// <summary>
/// Tells calls from text in one answer, which comes in pieces. However the answer is cut into pieces, the calls are the same, and so is
/// the text before, between and behind them; only where that text is cut may differ.
/// </summary>
/// <remarks>
/// <para>Text is given as soon as it cannot begin a call, a call as soon as its object is whole. White space next to a call is no text, nor is a closing brace too many behind it.
/// What begins like a call and is none (not JSON, other fields, the same key twice, arguments that are no object, cut off, longer than
/// 1,048,576 characters, deeper than 64) is given as the text that it is; nothing that a model writes throws. Arguments that are
/// a string which holds an object are read as that object. An "id" that the model writes is taken, if no other call of the answer has it and the format could write it again (1 to 64 characters; Mistral: 9 letters
/// and digits); else the call gets "call_" and 9 letters and digits (Mistral: those alone) that no other call of this process has.</para>
/// <para>For one answer and one thread.</para>
/// </remarks>
public sealed partial class ToolCallReader
{
    /// <summary>A call longer than this is none: it is more than any window of arguments, and what is held back must end.</summary>
    internal const int MaximumLength = 1 << 20;

    private readonly ToolCallSyntax _syntax;
    private readonly List<ToolCallReading> _readings = [];
    private readonly StringBuilder _text = new();

    internal ToolCallReader(ToolCallSyntax syntax)
    {
        _syntax = syntax;
        _state = syntax.IsBare ? State.Bare : State.Text;
    }

    /// <summary>Takes the answer's next piece.</summary>
    /// <param name="piece">Any part of the text, special tokens included (<see cref="ToolCallSyntax.SpecialTokens"/>); may be empty.</param>
    /// <returns>What is now known, in order; empty where nothing is.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="piece"/> is null.</exception>
    public IReadOnlyList<ToolCallReading> Add(string piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        foreach (char next in piece) Read(next);
        return TakeReadings();
    }

    /// <summary>Ends the answer. Another may follow.</summary>
    /// <returns>The text that was held back; empty where none was.</returns>
    public IReadOnlyList<ToolCallReading> Flush()
    {
        if (_state is State.Opened or State.Object or State.InList) GiveUp();
        EndTag();
        if (!_isAfterCall) _text.Append(_white);
        _white.Clear();
        _isAfterCall = false;
        _ids.Clear();
        _state = _syntax.IsBare ? State.Bare : State.Text;
        return TakeReadings();
    }

    private ToolCallReading[] TakeReadings()
    {
        EndText();
        if (_readings.Count == 0) return [];
        ToolCallReading[] readings = [.. _readings];
        _readings.Clear();
        return readings;
    }

    private void EndText()
    {
        if (_text.Length == 0) return;
        _readings.Add(new ToolCallReading(_text.ToString()));
        _text.Clear();
    }
}
