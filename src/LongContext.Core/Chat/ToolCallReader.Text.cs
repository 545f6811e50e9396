namespace LongContext.Chat;

// Text, and the tags in it that open and close calls.
public sealed partial class ToolCallReader
{
    private void ReadText(char next)
    {
        if (ContinuesTag(next)) return;
        EndTag();
        if (ContinuesTag(next)) return;
        // Behind a call small models write a brace too many.
        if (char.IsWhiteSpace(next) || (_isAfterCall && (next == '}' || (_syntax.IsBare && next == ';'))))
        {
            _white.Append(next);
        }
        else if (_state == State.Bare && next == '{')
        {
            // An answer in JSON that is no call is not to be held back.
            _object.Begin(_syntax.BareBeginnings);
            _state = State.Object;
            ReadObject(next);
        }
        else
        {
            AddText(next);
        }
    }

    /// <summary>Whether a character goes on with a tag, or begins one.</summary>
    private bool ContinuesTag(char next)
    {
        if (_tag.Length == 0 && !BeginsTag(next)) return false;
        _tag.Append(next);
        string tag = _tag.ToString();
        foreach (string opening in _syntax.Openings)
        {
            if (!opening.StartsWith(tag, StringComparison.Ordinal)) continue;
            if (tag.Length == opening.Length) Open(tag);
            return true;
        }

        if (_isAfterCall && _syntax.Closing is { } closing && closing.StartsWith(tag, StringComparison.Ordinal))
        {
            if (tag.Length == closing.Length) _tag.Clear();
            return true;
        }

        _tag.Length--;
        return false;
    }

    private bool BeginsTag(char next)
    {
        foreach (string opening in _syntax.Openings)
        {
            if (opening[0] == next) return true;
        }

        return _isAfterCall && _syntax.Closing?[0] == next;
    }

    private void Open(string tag)
    {
        _tag.Clear();
        _raw.Append(tag);
        _state = State.Opened;
    }

    /// <summary>What looked like a tag is text.</summary>
    private void EndTag()
    {
        if (_tag.Length == 0) return;
        string tag = _tag.ToString();
        _tag.Clear();
        foreach (char c in tag) AddText(c);
    }

    private void AddText(char next)
    {
        if (!_isAfterCall) _text.Append(_white);
        _white.Clear();
        _text.Append(next);
        _isAfterCall = false;
        _state = State.Text;
    }
}
