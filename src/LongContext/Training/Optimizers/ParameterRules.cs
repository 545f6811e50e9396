using System.Globalization;
using System.IO.Enumeration;
using LongContext.Models;

namespace LongContext.Training.Optimizers;

/// <summary>Learning rate factor and weight decay of each parameter, from the groups.</summary>
internal sealed class ParameterRules
{
    /// <summary>Names that a message lists at most.</summary>
    private const int NamesListed = 50;

    private readonly List<(ParameterGroup? Group, List<Parameter> Members)> groups;
    private readonly Dictionary<Parameter, ParameterGroup> groupOf = [];
    private readonly double weightDecay;

    /// <exception cref="ArgumentException">A group is left without parameters.</exception>
    public ParameterRules(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, double weightDecay)
    {
        this.weightDecay = weightDecay;
        this.groups = [.. groups.Select(group => ((ParameterGroup?)group, new List<Parameter>()))];
        var rest = new List<Parameter>();
        foreach (Parameter parameter in parameters)
        {
            int first = groups.TakeWhile(group => !FileSystemName.MatchesSimpleExpression(group.Pattern, parameter.Name, ignoreCase: false)).Count();
            if (first < groups.Count) groupOf.Add(parameter, groups[first]);
            (first < groups.Count ? this.groups[first].Members : rest).Add(parameter);
        }

        string[] unused = [.. this.groups.Where(group => group.Members.Count == 0).Select(group => $"'{group.Group!.Pattern}'")];
        if (unused.Length > 0)
        {
            string names = string.Join(", ", parameters.Take(NamesListed).Select(parameter => parameter.Name));
            throw new ArgumentException(
                $"ParameterGroups: no parameter that trains is left for {string.Join(", ", unused)}, where the first pattern that fits counts. The "
                + $"{parameters.Count} parameters are: {names}{(parameters.Count > NamesListed ? ", …" : "")}.");
        }

        if (rest.Count > 0) this.groups.Add((null, rest));
    }

    /// <summary>A line for each group, for a log.</summary>
    public IEnumerable<string> Descriptions => groups.Select(group => Describe(group.Group, group.Members));

    public double LearningRateFactor(Parameter parameter) => groupOf.GetValueOrDefault(parameter)?.LearningRateFactor ?? 1;

    public double WeightDecay(Parameter parameter) =>
        parameter.Value.dim() <= 1 ? 0 : groupOf.GetValueOrDefault(parameter)?.WeightDecay ?? weightDecay;

    /// <summary>What is wrong with groups whatever the parameters, a sentence each.</summary>
    public static IEnumerable<string> Faults(IReadOnlyList<ParameterGroup> groups)
    {
        for (int i = 0; i < groups.Count; i++)
        {
            if (groups[i] is not { } group)
            {
                yield return $"ParameterGroups[{i}] must not be null";
                continue;
            }

            if (string.IsNullOrEmpty(group.Pattern)) yield return $"ParameterGroups[{i}].Pattern must name parameters, but is empty";
            if (!(group.LearningRateFactor >= 0 && double.IsFinite(group.LearningRateFactor)))
                yield return $"ParameterGroups[{i}].LearningRateFactor must not be negative, but is {group.LearningRateFactor}";
            if (group.WeightDecay is { } decay && !(decay >= 0 && double.IsFinite(decay)))
                yield return $"ParameterGroups[{i}].WeightDecay must not be negative, but is {decay}";
        }
    }

    private string Describe(ParameterGroup? group, List<Parameter> members)
    {
        long values = members.Sum(parameter => parameter.Value.numel());
        int undecayed = members.Count(parameter => parameter.Value.dim() <= 1);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{group?.Pattern ?? "all others"}: {members.Count} parameters of {values} values, learning rate × {group?.LearningRateFactor ?? 1}, weight decay {group?.WeightDecay ?? weightDecay} but 0 for the {undecayed} of one dimension");
    }
}
