using System.Text;

namespace LongContext.Chat;

/// <summary>Finds where a JSON object ends, character by character, and sees early what cannot be one; that it is one in truth is for a parser to say.</summary>
internal sealed class ToolCallScanner
{
    private static readonly System.Buffers.SearchValues<char> Bare = System.Buffers.SearchValues.Create(" \t\r\n,:+-.0123456789eEtrufalsn");

    private readonly StringBuilder _text = new();
    private bool _onlyCalls;
    private bool _inString;
    private bool _escaped;
    private bool _sawKey;
    private int _depth;
    private int _keyStart;

    public enum Step
    {
        More,
        End,
        Fault,
    }

    /// <summary>What was read.</summary>
    public string Text => _text.ToString();

    /// <summary>Begins at an opening brace.</summary>
    /// <param name="onlyCalls">Whether an object whose first key is none of a call's is a fault: where nothing announces a call, an answer in JSON is not to be held back.</param>
    public void Begin(bool onlyCalls)
    {
        _text.Clear();
        _onlyCalls = onlyCalls;
        _inString = _escaped = _sawKey = false;
        _depth = 0;
    }

    public Step Read(char next)
    {
        _text.Append(next);
        if (_inString) return ReadString(next);
        switch (next)
        {
            case '"':
                _inString = true;
                _keyStart = _text.Length;
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
        if (_sawKey) return Step.More;
        _sawKey = true;
        return _onlyCalls && !ToolCallObject.IsField(_text.ToString(_keyStart, _text.Length - 1 - _keyStart)) ? Step.Fault : Step.More;
    }
}
