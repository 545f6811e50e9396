using System.Text.RegularExpressions;
using LongContext.Adapters;

namespace LongContext.Tests.Adapters;

public sealed class NamePatternTests
{
    [Theory]
    [InlineData(@"(?<part>.*)q_proj", @"(?P<part>.*)q_proj")]
    [InlineData(@"(?P<part>.*)q_proj", @"(?P<part>.*)q_proj")]
    [InlineData(@"(?<=self_)attn|(?<!mlp\.)up", @"(?<=self_)attn|(?<!mlp\.)up")]
    [InlineData(@"\(?<x", @"\(?<x")]
    [InlineData(@"\\(?<a>x)(?<b>y)", @"\\(?P<a>x)(?P<b>y)")]
    [InlineData(@".*\.[qv]_proj", @".*\.[qv]_proj")]
    public void ForPython_NamedGroups_AreWrittenAsPythonDoes(string pattern, string expected)
    {
        Assert.Equal(expected, NamePattern.ForPython(pattern));
        // And read back it is the same expression.
        _ = new Regex(pattern.Replace("(?P<", "(?<", StringComparison.Ordinal));
        Assert.Null(NamePattern.WhyNot(expected));
    }
}
