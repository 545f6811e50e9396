namespace LongContext.Data.Examples;

/// <summary>What becomes of a conversation that has roles in the wrong order, turns without text, images, or tools that are not read or cannot be used (no function, no schema, two of a name).</summary>
public enum ConversationFaults
{
    /// <summary>The record is bad: its reader stops or counts it, as asked there.</summary>
    Refuse = 0,

    /// <summary>The record is left out without a word, as one that a filter drops. Fields that are missing or of the wrong kind are still bad.</summary>
    LeaveOut = 1,

    /// <summary>
    /// The order is mended: answers before the first question and questions after the last answer are dropped, turns of the same role one after
    /// the other become one, with an empty line between them (it counts in the loss if all of them do). What cannot be mended so is left out.
    /// </summary>
    Mend = 2,
}
