using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using LongContext.TestSupport;
using Microsoft.Extensions.Logging;

namespace LongContext.Tests.Training.Monitoring;

/// <summary>Messages of the log are found by their ids: each has one of its own, and the guide has those of training.</summary>
public sealed class LogEventTests
{
    private static readonly LoggerMessageAttribute[] Messages =
    [
        .. typeof(LongContextTrainer).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>(),
    ];

    [Fact]
    public void EventIds_OfAllMessages_AreGivenAndDiffer()
    {
        Assert.InRange(Messages.Length, 30, 300);
        Assert.All(Messages, message => Assert.InRange(message.EventId, 100, 299));
        Assert.Empty(Messages.GroupBy(message => message.EventId).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    [Fact]
    public void Guide_MessagesOfTraining_AreThoseThatThereAre()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string[] page = File.ReadAllLines(Path.Combine(TestPaths.RepositoryRoot!, "docs", "training-metrics.md"));
        (int, string)[] told = [.. page.Select(line => Regex.Match(line, @"^\| (2\d\d) \| (\w+) \|")).Where(match => match.Success).Select(match => (int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Groups[2].Value))];
        Assert.Equal(Messages.Where(message => message.EventId >= 200).Select(message => (message.EventId, message.Level.ToString())).Order(), told);
    }
}
