using System.Text;

namespace LongContext.Chat;

/// <summary>Finds where a JSON object ends, character by character, and sees early what cannot be one; that it is one in truth is for a parser to say.</summary>
internal sealed class ToolCallScanner
{
    private static readonly System.Buffers.SearchValues<char> Bare = System.Buffers.SearchValues.Create(" \t\r\n,:+-.0123456789eEtrufalsn");

    private readonly StringBuilder _text = new();

    /// <summary>Beginnings of which one is still to be seen; empty where nothing is.</summary>
    private IReadOnlyList<IReadOnlyList<string>> _beginnings = [];

    private bool _inString;
    private bool _escaped;
    private int _depth;
    private int _strings;
    private int _stringStart;

    /// <summary>Whether what stands between two strings of a beginning was seen.</summary>
    private bool _separated;

    public enum Step
    {
        More,
        End,
        Fault,
    }

    /// <summary>What was read.</summary>
    public string Text => _text.ToString();

    /// <summary>Begins at an opening brace.</summary>
    /// <param name="beginnings">The strings that the object must begin with, keys and values in turn, one list of them or another; empty for any.</param>
    public void Begin(IReadOnlyList<IReadOnlyList<string>> beginnings)
    {
        _text.Clear();
        _beginnings = beginnings;
        _inString = _escaped = false;
        _separated = true;
        _depth = _strings = 0;
    }

    public Step Read(char next)
    {
        _text.Append(next);
        if (_inString) return ReadString(next);
        if (_depth > 0 && _beginnings.Count > 0 && !MayStandInBeginning(next)) return Step.Fault;
        switch (next)
        {
            case '"':
                _inString = true;
                _stringStart = _text.Length;
                return Step.More;
            case '{' or '[':
                // The arguments stand one level down.
                return ++_depth > ToolJson.MaximumDepth + 1 ? Step.Fault : Step.More;
            case '}' or ']':
                return --_depth == 0 ? Step.End : Step.More;
            default:
                return Bare.Contains(next) ? Step.More : Step.Fault;
        }
    }

    private Step ReadString(char next)
    {
        // JSON has no bare line end in a string, so a string that is not closed is seen at the end of its line.
        if (next < ' ') return Step.Fault;
        if (_escaped || next != '"')
        {
            _escaped = !_escaped && next == '\\';
            return Step.More;
        }

        _inString = false;
        return _beginnings.Count == 0 || Begins(_text.ToString(_stringStart, _text.Length - 1 - _stringStart)) ? Step.More : Step.Fault;
    }

    /// <summary>Whether a character is one between a beginning's keys and values, which stand in turn.</summary>
    private bool MayStandInBeginning(char next)
    {
        if (next is ' ' or '\t' or '\r' or '\n') return true;
        if (_separated) return next == '"';
        return _separated = next == (_strings % 2 == 0 ? ',' : ':');
    }

    private bool Begins(string next)
    {
        _separated = false;
        _beginnings = [.. _beginnings.Where(beginning => beginning[_strings] == next)];
        if (_beginnings.Count == 0) return false;
        _strings++;
        if (_beginnings.Any(beginning => beginning.Count == _strings)) _beginnings = [];
        return true;
    }
}
