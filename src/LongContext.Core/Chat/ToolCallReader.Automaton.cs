using System.Text;

namespace LongContext.Chat;

// The answer is read character by character; each is looked at once, but for those of a tag that turns out to be none.
public sealed partial class ToolCallReader
{
    /// <summary>White space that is text unless a call stands next to it.</summary>
    private readonly StringBuilder _white = new();

    /// <summary>The beginning of an opening or of the closing.</summary>
    private readonly StringBuilder _tag = new();

    /// <summary>All since the opening, or since the last call of a list: what becomes text if there is no call.</summary>
    private readonly StringBuilder _raw = new();

    private readonly ToolCallScanner _object = new();
    private State _state;
    private bool _isAfterCall;
    private bool _isInList;

    /// <summary>Where in <see cref="_raw"/> a list's bracket stands that no call has followed yet; 0 for nowhere.</summary>
    private int _listStart;

    private enum State
    {
        /// <summary>Text, in which an opening may stand.</summary>
        Text,

        /// <summary>As text, but an object that begins here is a call.</summary>
        Bare,

        /// <summary>Behind an opening: an object or a list is to come.</summary>
        Opened,

        /// <summary>In a call's object.</summary>
        Object,

        /// <summary>Behind a call of a list: a comma or the list's end.</summary>
        InList,
    }

    private void Read(char next)
    {
        switch (_state)
        {
            case State.Opened:
                ReadOpened(next);
                break;
            case State.Object:
                ReadObject(next);
                break;
            case State.InList:
                ReadInList(next);
                break;
            default:
                ReadText(next);
                break;
        }
    }

    private void ReadText(char next)
    {
        if (ContinuesTag(next)) return;
        EndTag();
        if (ContinuesTag(next)) return;
        if (char.IsWhiteSpace(next) || (_isAfterCall && _syntax.IsBare && next == ';'))
        {
            _white.Append(next);
        }
        else if (_state == State.Bare && next == '{')
        {
            _object.Begin(onlyCalls: true);
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

    private void ReadOpened(char next)
    {
        if (char.IsWhiteSpace(next) || (next == '[' && !_isInList))
        {
            if (next == '[') _listStart = _raw.Length;
            _isInList |= next == '[';
            _raw.Append(next);
            if (_raw.Length > MaximumLength) GiveUp();
        }
        else if (next == '{')
        {
            _object.Begin(onlyCalls: false);
            _state = State.Object;
            ReadObject(next);
        }
        else
        {
            // What was taken for a list's bracket may begin another opening.
            string again = _listStart > 0 ? _raw.ToString(_listStart, _raw.Length - _listStart) : "";
            _raw.Length -= again.Length;
            GiveUp();
            foreach (char c in again) Read(c);
            Read(next);
        }
    }

    private void ReadObject(char next)
    {
        ToolCallScanner.Step step = _raw.Length < MaximumLength ? _object.Read(next) : ToolCallScanner.Step.Fault;
        if (step == ToolCallScanner.Step.Fault)
        {
            GiveUp();
            Read(next);
            return;
        }

        _raw.Append(next);
        if (step != ToolCallScanner.Step.End) return;
        if (ToolCallObject.Read(_object.Text, _syntax.IdPrefix) is { } call) Give(call);
        else GiveUp();
    }

    private void ReadInList(char next)
    {
        if (next is ',' or ']' || char.IsWhiteSpace(next))
        {
            _raw.Append(next);
            if (next == ',') _state = State.Opened;
            if (next == ']') EndCalls();
            else if (_raw.Length > MaximumLength) GiveUp();
        }
        else
        {
            GiveUp();
            Read(next);
        }
    }

    private void Give(ChatToolCall call)
    {
        EndText();
        _readings.Add(new ToolCallReading(call));
        _white.Clear();
        _raw.Clear();
        _listStart = 0;
        _isAfterCall = true;
        if (_isInList) _state = State.InList;
        else EndCalls();
    }

    private void EndCalls()
    {
        _raw.Clear();
        _isInList = false;
        _state = _syntax.IsBare ? State.Bare : State.Text;
    }

    /// <summary>What began like a call is text.</summary>
    private void GiveUp()
    {
        if (!_isAfterCall) _text.Append(_white);
        _white.Clear();
        _text.Append(_raw);
        _raw.Clear();
        _isAfterCall = false;
        _isInList = false;
        _listStart = 0;
        _state = State.Text;
    }
}
