namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Puts matches and what lies between together to pieces, as the behavior says. Takes them in their order.</summary>
internal ref struct PieceCutter(PreTokenizedText output, SplitBehavior behavior)
{
    private int _start;
    private int _end;
    private bool _pending;
    private bool _lastWasMatch;

    public void Add(int start, int end, bool isMatch)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                if (!isMatch) output.AddPiece(start, end);
                break;
            case SplitBehavior.Isolated:
                output.AddPiece(start, end);
                break;
            default:
                Join(start, end, isMatch);
                break;
        }

        _lastWasMatch = isMatch;
    }

    /// <summary>The last piece is whole.</summary>
    public void Finish()
    {
        if (_pending) output.AddPiece(_start, _end);
        _pending = false;
        _lastWasMatch = false;
    }

    private void Join(int start, int end, bool isMatch)
    {
        bool joins = behavior switch
        {
            SplitBehavior.Contiguous => isMatch == _lastWasMatch,
            SplitBehavior.MergedWithPrevious => isMatch && !_lastWasMatch,
            _ => !isMatch && _lastWasMatch,
        };
        if (_pending && joins)
        {
            _end = end;
            return;
        }

        if (_pending) output.AddPiece(_start, _end);
        (_start, _end, _pending) = (start, end, true);
    }
}
