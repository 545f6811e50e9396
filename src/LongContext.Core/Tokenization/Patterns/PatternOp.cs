namespace LongContext.Tokenization.Patterns;

/// <summary>What an instruction of a <see cref="PatternProgram"/> does.</summary>
internal enum PatternOp
{
    /// <summary>The whole pattern, or the body of an assertion, has matched.</summary>
    Match,

    /// <summary>One code point of the set.</summary>
    Set,

    /// <summary>From Least to Most code points of the set, as many as possible, giving them back one by one.</summary>
    Repeat,

    /// <summary>The same, giving none back.</summary>
    RepeatPossessively,

    /// <summary>Tries the instruction at Target first and the one at Other when that fails.</summary>
    Split,

    /// <summary>Goes on at Target.</summary>
    Jump,

    /// <summary>Goes on at Target when the position has moved since the mark was set, else behind the loop at Other.</summary>
    LoopIfMoved,

    /// <summary>Remembers the position in the mark's slot.</summary>
    Mark,

    /// <summary>Runs the body that follows for itself, takes its end without a way back, and goes on at Target.</summary>
    Atomic,

    /// <summary>The body that follows matches here; goes on at Target.</summary>
    LookAhead,

    /// <summary>The body that follows does not match here; goes on at Target.</summary>
    NotAhead,

    /// <summary>The body that follows matches from Least code points before up to here; goes on at Target.</summary>
    LookBehind,

    /// <summary>No such match; goes on at Target.</summary>
    NotBehind,

    /// <summary>Start of the text or behind a line feed.</summary>
    LineStart,

    /// <summary>End of the text or before a line feed.</summary>
    LineEnd,

    /// <summary>Start of the text.</summary>
    TextStart,

    /// <summary>End of the text.</summary>
    TextEnd,

    /// <summary>End of the text or before a line feed that ends it.</summary>
    LastLineEnd,

    /// <summary>Between a word character and none.</summary>
    WordBorder,

    /// <summary>Not between a word character and none.</summary>
    NoWordBorder,
}
