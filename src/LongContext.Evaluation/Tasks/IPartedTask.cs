namespace LongContext.Evaluation.Tasks;

/// <summary>A task whose items come part by part, such as a position at a time: a limit on items holds for each part, as the first of all would be those of the first.</summary>
internal interface IPartedTask
{
    /// <summary>What a part is, a word or a few, such as "length".</summary>
    string PartName { get; }

    /// <summary>The parts, at least one; their items one after the other are the task's, and the items of a part have a <see cref="EvaluationItem.Group"/> that those of no other part have.</summary>
    IReadOnlyList<ItemPart> Parts { get; }
}
