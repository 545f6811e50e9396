namespace LongContext.Checkpoints;

/// <summary>
/// A file of a checkpoint is not what it must be: damaged, hostile, or of a form this library does not know. The message
/// names the file, the field or tensor, what was found and what was expected.
/// </summary>
public class CheckpointFormatException : Exception
{
    /// <summary>Makes the exception with a general message.</summary>
    public CheckpointFormatException()
        : base("A file of the checkpoint is not what it must be.")
    {
    }

    /// <summary>Makes the exception.</summary>
    /// <param name="message">File, field or tensor, what was found, what was expected.</param>
    public CheckpointFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with the fault behind it.</summary>
    /// <param name="message">File, field or tensor, what was found, what was expected.</param>
    /// <param name="innerException">What the reader met.</param>
    public CheckpointFormatException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
