namespace LongContext.Generation;

/// <summary>
/// Tells faults of what was asked for from those of a program: callers are promised an <see cref="ArgumentException"/> or a <see cref="NotSupportedException"/> for the first, and a bug anywhere may throw the same.
/// Only what is thrown while a request is read and checked is marked.
/// </summary>
internal static class RequestFault
{
    private const string Key = "LongContext.RequestFault", Form = "form";

    /// <summary>Whether the fault is the request's.</summary>
    public static bool Is(Exception exception) => exception.Data.Contains(Key);

    /// <summary>Whether it is that of the form that an answer shall have.</summary>
    public static bool IsOfForm(Exception exception) => exception.Data[Key] is Form;

    /// <summary>Marks a fault as the request's, if it is of a kind that may be.</summary>
    /// <returns>False, so that a filter can mark what it does not catch.</returns>
    public static bool Mark(Exception exception)
    {
        if (exception is ArgumentException or NotSupportedException && !Is(exception)) exception.Data[Key] = "";
        return false;
    }

    /// <summary>Reads or checks, and marks what that throws.</summary>
    public static T Checked<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (Exception e) when (Mark(e))
        {
            throw;
        }
    }

    /// <summary>The same where the form of an answer is read.</summary>
    public static T CheckedForm<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            e.Data[Key] = Form;
            throw;
        }
    }
}
