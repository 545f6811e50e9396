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

    /// <summary>Ids of the answer's calls so far.</summary>
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

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
}
