using LongContext.Generation;

namespace LongContext.Hosting;

/// <summary>What is known of a fault beside its type, for who tells a client of it.</summary>
internal static class RequestFaults
{
    /// <summary>Whether what was asked for is at fault, and not the program.</summary>
    public static bool IsRefusal(Exception exception) => RequestFault.Is(exception);

    /// <summary>Whether a chat was asked of a model whose template is not known, which completes texts all the same.</summary>
    public static bool IsOfTemplate(Exception exception) => exception is UnknownTemplateException;

    /// <summary>Whether the form is at fault that the answer shall have.</summary>
    public static bool IsOfForm(Exception exception) => RequestFault.IsOfForm(exception);
}
