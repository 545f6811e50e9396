namespace LongContext.Chat;

// Calls behind an opening, one or a list of them; what turns out to be none is text again.
public sealed partial class ToolCallReader
{
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
            _object.Begin([]);
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
        if (ToolCallObject.Read(_object.Text, _syntax) is { } call) Give(call);
        else GiveUp();
    }

    private void ReadInList(char next)
    {
        if (next is ',' or ']' or '}' || char.IsWhiteSpace(next))
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
        // Of two calls with one id, results could answer either.
        if (!_ids.Add(call.Id)) _ids.Add((call = new ChatToolCall(ToolCallIds.Next(_syntax.IdPrefix), call.Name, call.Arguments)).Id);
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
