using LongContext.Chat;
using LongContext.Generation;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Which function an answer that breaks off was calling.</summary>
public sealed class OpenCallTests
{
    public static TheoryData<ToolCallSyntax> Syntaxes => [ToolCallSyntax.Hermes, ToolCallSyntax.Llama3, ToolCallSyntax.Mistral, ToolCallSyntax.MistralNemo, ToolCallSyntax.Granite, ToolCallSyntax.Phi4Mini];

    [Theory, MemberData(nameof(Syntaxes), DisableDiscoveryEnumeration = true)]
    public void Name_AnswerThatBreaksOff_IsOfTheCallThatIsOpen(ToolCallSyntax syntax)
    {
        string open = syntax.Prefix + syntax.CallPrefix + "get_a.b-1" + syntax.ArgumentsPrefix;
        Assert.Equal("get_a.b-1", OpenCall.Name(syntax, open));
        Assert.Equal("get_a.b-1", OpenCall.Name(syntax, open + "{\"x\": [1, {\"y\": \"}"));
        // Arguments may look like a call themselves.
        Assert.Equal("get_a.b-1", OpenCall.Name(syntax, open + "{\"x\": " + syntax.CallPrefix[syntax.CallPrefix.IndexOf('{', StringComparison.Ordinal)..] + "other" + syntax.ArgumentsPrefix + "{"));
        if (!syntax.AllowsSeveral) return;
        string behind = open + "{\"x\": 1}" + syntax.CallSuffix + syntax.Separator + syntax.CallPrefix;
        Assert.Equal("second", OpenCall.Name(syntax, behind + "second" + syntax.ArgumentsPrefix + "{\"x"));
        // Not in arguments yet, or no more.
        Assert.Null(OpenCall.Name(syntax, behind + "sec"));
        Assert.Null(OpenCall.Name(syntax, open + "{\"x\": 1}" + syntax.CallSuffix));
    }

    [Theory, MemberData(nameof(Syntaxes), DisableDiscoveryEnumeration = true)]
    public void Name_Text_IsNone(ToolCallSyntax syntax)
    {
        foreach (string text in new[] { "", "Sunny.", syntax.Prefix, syntax.Prefix + syntax.CallPrefix, "see" + syntax.ArgumentsPrefix + "{" }) Assert.Null(OpenCall.Name(syntax, text));
    }
}
