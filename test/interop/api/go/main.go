// Creates an order with items, updates it and reads it back, by the client that oapi-codegen generates
// of the service's OpenAPI document. Ends with 0 when every answer was right.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func pointTo[Value any](value Value) *Value {
	return &value
}

func equal(actual, expected any, what string) {
	if actual != expected {
		log.Fatalf("%s: is %v, should be %v", what, actual, expected)
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	client, err := NewClientWithResponses(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	orderID := fmt.Sprintf("ORD-go-%d ü/?#😀", time.Now().UnixNano())
	// As large as 32 bits do not hold.
	items := []NewOrderItem{
		{ItemId: "ITEM-1", Quantity: 3, Price: 123456789.01},
		{ItemId: "ITEM-2", Quantity: 1, Price: 0.1},
	}
	createdAt := time.Date(2026, 1, 31, 13, 0, 0, 0, time.FixedZone("", 3600))

	created, err := client.CreateOrderWithResponse(ctx,
		&CreateOrderParams{IdempotencyKey: pointTo(fmt.Sprint("go-", time.Now().UnixNano()))},
		CreateOrderJSONRequestBody{
			OrderId:     orderID,
			CustomerId:  pointTo("CUST-go"),
			OrderDate:   &createdAt,
			Currency:    pointTo(EUR),
			Items:       &items,
			TotalAmount: pointTo(370370367.13),
		})
	if err != nil {
		log.Fatal(err)
	}
	if created.JSON201 == nil {
		log.Fatalf("created: %s", created.Body)
	}
	equal(*created.Headers201.ETag, `"1"`, "ETag of the creation")

	updated, err := client.UpdateOrderWithResponse(ctx,
		&UpdateOrderParams{IfMatch: pointTo(`"1"`)},
		UpdateOrderJSONRequestBody{OrderId: orderID, Status: UpdateOrderJSONBodyStatusShipped})
	if err != nil {
		log.Fatal(err)
	}
	equal(updated.StatusCode(), http.StatusOK, "status of the update")

	read, err := client.GetOrderWithResponse(ctx, orderID, &GetOrderParams{})
	if err != nil {
		log.Fatal(err)
	}
	order := read.JSON200.Data
	equal(order.OrderId, orderID, "orderId")
	equal(order.CustomerId, "CUST-go", "customerId")
	equal(order.OrderDate, "2026-01-31T12:00:00.000Z", "orderDate")
	equal(order.Currency, "EUR", "currency")
	equal(order.Status, OrderStatusShipped, "status")
	equal(order.TotalAmount, 370370367.13, "totalAmount")
	equal(len(order.Items), len(items), "number of items")
	for index, item := range order.Items {
		equal(NewOrderItem(item), items[index], "item")
	}

	listed, err := client.ListOrdersWithResponse(ctx, &ListOrdersParams{OrderId: &orderID})
	if err != nil {
		log.Fatal(err)
	}
	equal(len(listed.JSON200.Data), 1, "orders in the list")
	events, err := client.ListOrderEventsWithResponse(ctx, orderID, &ListOrderEventsParams{})
	if err != nil {
		log.Fatal(err)
	}
	equal(len(events.JSON200.Data), 2, "events of the order")

	again, err := client.CreateOrderWithResponse(ctx, &CreateOrderParams{},
		CreateOrderJSONRequestBody{OrderId: orderID, NumItems: pointTo(1)})
	if err != nil {
		log.Fatal(err)
	}
	equal(again.StatusCode(), http.StatusConflict, "status of the second creation")
	equal(again.ApplicationproblemJSON409.Code, ORDERALREADYEXISTS, "code of the second creation")
}
