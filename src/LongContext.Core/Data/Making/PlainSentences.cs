namespace LongContext.Data.Making;

/// <summary>Sentences that say nothing worth remembering, and hold no number, to hide something among.</summary>
internal static class PlainSentences
{
    /// <summary>The sentences.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "The grass behind the house is wet in the morning.",
        "A grey cat sleeps on the warm stones of the wall.",
        "Boats come back to the harbor before it gets dark.",
        "Somebody left a blue umbrella under the bench.",
        "The baker opens his shop when the street is still quiet.",
        "Leaves turn yellow and fall slowly into the pond.",
        "An old clock hangs above the door of the station.",
        "The river bends twice before it reaches the mill.",
        "Children draw with chalk on the path to the school.",
        "A dog barks at the postman and then lies down again.",
        "The wind moves the curtains of the open window.",
        "Bread, cheese and a few apples are on the table.",
        "The hills look blue from far away.",
        "A tailor sits at his window and sews a coat.",
        "Rain drums on the roof of the barn all evening.",
        "The road runs between two rows of tall poplars.",
        "In spring the meadow is full of small white flowers.",
        "The teacher waters the plants on the sill.",
        "A train can be heard on the other side of the valley.",
        "Snow lies on the fields until the end of winter.",
        "The fisherman mends his net and hums a song.",
        "There is dust on the books of the upper shelf.",
        "Two swans cross the lake without any hurry.",
        "The market closes early when the weather is bad.",
        "Smoke rises straight up from the chimney.",
        "A ladder leans against the cherry tree.",
        "The lamp in the hall burns through the night.",
        "Sparrows pick crumbs from the floor of the square.",
        "The stairs creak when someone walks up to the attic.",
        "Fog covers the bridge and hides the other bank.",
    ];
}
